// SPDX-License-Identifier: Apache-2.0

import AmandaFormat
import Catalog
import Files
import Foundation
import TestSupport
import Testing

/// Where servers are required, a missing Amanda or root must show.
let canRunAmanda =
    RequiredTools.areUsable("amadmin", "runuser")
    && (UserAccount.effectiveUserID == 0 || ProcessInfo.processInfo.environment["REQUIRE_SERVERS"] == "1")

/// A configuration of its own below /etc/amanda, where alone Amanda's programs take one, and those programs run on it as
/// `backup`. `remove` takes it away again.
struct StockConfiguration {
    let directory: ConfigurationDirectory

    var name: String { directory.name }

    init(inparallel: Int = 1) throws {
        let name = "amfleet-\(UUID().uuidString.prefix(8).lowercased())"
        directory = ConfigurationDirectory(name: name)
        let owner = try #require(UserAccount(named: "backup")).owner
        try FileSystem.makeDirectories(directory.path, mode: 0o770, owner: owner)
        let text = """
            org "\(name)"
            dumpuser "backup"
            tapecycle 3
            inparallel \(inparallel)
            dumpcycle 7 days
            tapedev "my_s3"
            tapetype S3
            labelstr "^\(name)-[0-9][0-9]*$"
            autolabel "\(name)-%%%%" empty
            infofile "\(directory.path)/curinfo"
            logdir "logs"
            indexdir "index"
            tapelist "tapelist"
            define changer my_s3 {
              tpchanger "chg-multi:s3:bucket/path/slot-{01..03}"
              changerfile "s3-statefile"
            }
            define application-tool app_amgtar {
              plugin "amgtar"
            }
            define dumptype normal {
              program "APPLICATION"
              application "app_amgtar"
              auth "local"
              compress client fast
              index yes
              holdingdisk never
            }
            define tapetype S3 {
              length 500 gigabytes
              part_size 50 gigabytes
              blocksize 10 megabytes
            }
            """
        try FileSystem.writeAtomically(
            directory.path + "/amanda.conf", Array((text + "\n").utf8), owner: owner)
        let disks = "localhost /srv/data normal\nlocalhost \"/srv/a b\" normal\n"
        try FileSystem.writeAtomically(directory.path + "/disklist", Array(disks.utf8), owner: owner)
    }

    func remove() { try? FileSystem.removeTree(directory.path) }

    /// Output of one of Amanda's programs, whatever its exit status.
    func amanda(_ program: String, _ arguments: [String]) throws -> String {
        let path = try RequiredTools.path(program)
        return try output(
            of: try RequiredTools.path("runuser"), ["-u", "backup", "--", path, directory.name] + arguments
        ).text
    }
}
