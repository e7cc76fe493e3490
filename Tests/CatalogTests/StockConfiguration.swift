// SPDX-License-Identifier: Apache-2.0

import AmandaFormat
import Catalog
import Files
import Foundation
import TestSupport
import Testing

let canRunAmanda = AmandaSandbox.isUsable && RequiredTools.areUsable("amadmin")

/// A configuration in a sandbox of its own, and Amanda's programs that run on it as `backup`.
struct StockConfiguration {
    let directory: ConfigurationDirectory
    private let scratch: TemporaryDirectory
    private let sandbox: AmandaSandbox

    var name: String { directory.name }

    init(inparallel: Int = 1) throws {
        let name = "amfleet"
        scratch = try TemporaryDirectory("amfleet-stock")
        chmod(scratch.path, 0o755)
        sandbox = try AmandaSandbox(scratch.path)
        directory = ConfigurationDirectory(root: sandbox.configurations, name: name)
        let owner = try #require(UserAccount(named: AmandaSandbox.user)).owner
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

    /// Output of one of Amanda's programs, whatever its exit status.
    func amanda(_ program: String, _ arguments: [String]) throws -> String {
        let words = try sandbox.command([RequiredTools.path(program), name] + arguments)
        return try output(of: words[0], Array(words.dropFirst())).text
    }
}
