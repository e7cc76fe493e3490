// SPDX-License-Identifier: Apache-2.0

import AmandaFormat
import Dump
import Files
import Foundation
import Synchronization
import TestSupport
import Testing

/// Real scripts in a directory of their own, run as `nobody`, who stands for the dumpuser.
struct ScriptFixture {
    let directory: TemporaryDirectory
    let entry: DisklistEntry
    let account: UserAccount
    let reports = Reports()

    /// What scripts said, cancelled or not.
    final class Reports: Sendable {
        private let kept = Mutex(ScriptReport())

        func append(_ report: ScriptReport) { kept.withLock { $0 = $0 + report } }

        var all: ScriptReport { kept.withLock { $0 } }
    }

    /// `scripts`: their names, which are their plugins' too, with what stands in the braces.
    init(_ scripts: [(name: String, settings: String)], disk: String = "/srv/data") throws {
        directory = try TemporaryDirectory("amfleet-scripts")
        try shell("chmod 755 . && mkdir -m 1777 record", in: directory.path)
        account = try #require(UserAccount(named: "nobody"))
        let definitions = scripts.map {
            "define script-tool \($0.name) {\n plugin \"\($0.name)\"\n \($0.settings)\n}\n"
        }
        let text =
            definitions.joined() + "define dumptype d {\n program \"GNUTAR\"\n"
            + scripts.reversed().map { " script \"\($0.name)\"\n" }.joined() + "}\n"
        let configuration = try AmandaConfiguration(
            parsing: text, file: "/etc/amanda/vertica/amanda.conf"
        ) { path -> String in throw CocoaError(.fileNoSuchFile, userInfo: ["path": path]) }
        let list = try Disklist(
            parsing: "localhost \(disk) d\n", file: "/etc/amanda/vertica/disklist",
            configuration: configuration
        ) { _ -> String in "" }
        entry = try #require(list.entries.first)
    }

    /// Each gets `$RECORD`, a directory that it may write.
    func write(_ name: String, _ body: String, support: String = "EXECUTE-WHERE YES\\nTIMESTAMP YES") throws {
        let path = try directory.write(
            name,
            """
            #!/bin/bash
            RECORD='\(record)'
            if [ "$1" = support ]; then printf '\(support)\\n'; exit 0; fi
            \(body)

            """)
        try shell("chmod 755 '\(path)'", in: "/")
    }

    var record: String { directory.path("record") }

    func recorded(_ name: String) -> String? {
        (try? FileSystem.readAll("\(record)/\(name)")).map { String(decoding: $0, as: UTF8.self) }
    }

    func runner(limit: Int = 20, account: UserAccount? = nil) throws -> ScriptRunner {
        ScriptRunner(
            ScriptSchedule(entries: [entry]), configuration: "vertica",
            datestamp: try #require(Datestamp("20261123030600")), account: account ?? self.account,
            limits: ScriptLimits(checkSeconds: limit, estimateSeconds: limit, dumpSeconds: limit),
            directory: directory.path, report: { [reports] in reports.append($0) })
    }
}
