// SPDX-License-Identifier: Apache-2.0

import Faults
import Foundation
import Testing

@testable import AmandaFormat

/// Against what stock amcheck and amdump passed to scripts that record their arguments (Fixtures/README.md).
@Suite struct ScriptScheduleTests {
    private static let stockSupport = ScriptSupport(parsing: "CONFIG YES\nEXECUTE-WHERE YES\nTIMESTAMP YES\n")

    private func schedule() throws -> ScriptSchedule {
        let list = try Disklist(
            parsing: try amandaFixture("Config/disklist.scripts"), file: "/x/disklist",
            configuration: try configFixture("scripts")
        ) { _ in [] }
        return ScriptSchedule(entries: list.activeEntries)
    }

    /// Calls by point, side and, but for points of the run, host.
    private func grouped(_ calls: [[String]]) -> [String: [[String]]] {
        Dictionary(grouping: calls) { call in
            let host = call.firstIndex(of: "--host").map { call[$0 + 1] } ?? ""
            let isOfRun = !call[0].contains("-HOST-") && !call[0].contains("-DLE-")
            return "\(call[0]) \(call[2])" + (isOfRun ? "" : " \(host)")
        }
    }

    @Test(arguments: [ScriptPoint.Activity.amcheck, .estimate, .backup])
    func `runs what stock Amanda runs, as often, with the same arguments`(
        activity: ScriptPoint.Activity
    ) throws {
        let datestamp = try #require(Datestamp("20261125212253"))
        let ours = grouped(
            try schedule().executions(of: activity) { _ in [0] }.map {
                $0.arguments(configuration: "cf-scripts", datestamp: datestamp, support: Self.stockSupport)
            })
        let lines = try amandaFixture("Scripts/calls").split(separator: 10)
        let calls = try lines.map { try JSONDecoder().decode([String].self, from: Data($0)) }
        let stock = grouped(calls.filter { $0[0].hasSuffix(activity.rawValue.uppercased()) })
        #expect(stock.count >= 12)
        #expect(Set(ours.keys) == Set(stock.keys))
        for (key, calls) in stock {
            // Where the client works for several disks at the same time the order is chance, as it is that of dumps.
            let isOrdered = key.contains(" server") && !key.contains("-DLE-")
            func comparable(_ calls: [[String]]) -> [String] {
                isOrdered ? calls.map(\.description) : calls.map(\.description).sorted()
            }
            #expect(comparable(ours[key] ?? []) == comparable(calls), "\(key)")
        }
    }

    @Test func `a disk's scripts open from server to client, and close from client to server`() throws {
        let schedule = try schedule()
        let entry = schedule.entries[0]
        let names = [ScriptPoint.preDLEBackup, .postDLEBackup].map { point in
            schedule.executions(point, entry, levels: [1]).map(\.script.name)
        }
        #expect(
            names == [
                ["every-server", "once-more", "once", "once-client", "every-client"],
                ["every-client", "every-server"],
            ])
    }

    @Test func `a script that knows no options gets what every script gets`() throws {
        let schedule = try schedule()
        let execution = try #require(
            schedule.executions(.preDLEBackup, schedule.entries[1], levels: [2]).first)
        let arguments = execution.arguments(
            configuration: "c", datestamp: try #require(Datestamp("20261125212253")),
            support: ScriptSupport(parsing: ""))
        #expect(
            arguments == [
                "PRE-DLE-BACKUP", "--config", "c", "--host", "localhost", "--disk", "second", "--device",
                "/tmp/amfleet-scripts/two", "--level", "2",
            ])
    }

    @Test func `the header's XML names the scripts as stock Amanda does`() throws {
        let bytes = try amandaFixture("Headers/scripts-filestart")
        let header = try DumpHeader(parsing: bytes)
        let dle = try DLEDescription(parsing: try #require(header.dleText))
        #expect(dle.scripts.count == 5)
        #expect(dle.scripts.map(\.side) == [.server, .client, .server, .server, .client])
        #expect(dle.scripts[1].points == [.preHostAmcheck, .preHostEstimate, .preDLEBackup])
        #expect(
            dle.scripts[4].properties == [
                .init(name: "freeze-command", values: ["vsql -c 'x y'", "second \"q\""])
            ])
        #expect(dle.text == header.dleText)
    }

    @Test func `a script is typed, refused where it cannot be run, and noted where it never runs`() throws {
        let configuration = try configuration(
            """
            define script-tool freeze {
              plugin "vertica-freeze"
              execute-on pre-dle-backup, post-dle-backup, pre-host-backup
              order -3
              single-execution yes
              property hidden "password" "x"
            }
            define script-tool bad {
              plugin "../../bin/sh"
              client-name "other"
            }
            define application-tool app {
              plugin "amgtar"
              client-name "mine"
            }
            define dumptype d {
              program "APPLICATION"
              application "app"
              script "bad"
              script "freeze"
            }

            """)
        let dumptype = try #require(configuration.dumptype(named: "d"))
        let script = try #require(dumptype.scripts.first)
        #expect(script.name == "freeze" && script.plugin == "vertica-freeze" && script.order == -3)
        #expect(script.points == [.preDLEBackup, .preHostBackup, .postDLEBackup])
        #expect(script.side == .client && script.isSingleExecution)
        #expect(script.properties.first?.isVisible == false)
        #expect(
            script.notes.map(\.description) == [
                "/etc/amanda/test/amanda.conf:1: script-tool 'freeze' never runs at pre-host-backup: that needs execute-where server"
            ])
        #expect(
            dumptype.refusals.map(\.facts) == [
                "application-tool 'app': client-name is not supported: amanda-client.conf is not read",
                "script-tool 'bad': plugin '../../bin/sh' is not the name of a program",
                "script-tool 'bad': client-name is not supported: amanda-client.conf is not read",
            ])
        #expect(!configuration.unusedParameters.contains { $0.description.contains("script") })
    }
}
