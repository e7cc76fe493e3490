// SPDX-License-Identifier: Apache-2.0

import Faults
import Foundation
import Secret
import TestSupport
import Testing

@testable import AmandaFormat

/// Agreement with `amadmin NAME disklist` of the Amanda that is installed, on every value that it prints.
@Suite(.serialized, .enabled(if: StockConfiguration.isUsable), .timeLimit(.minutes(2)))
struct DisklistOracleTests {
    private static let configuration = #"""
        define interface eth {
          use 100 kbps
        }
        define application-tool app {
          plugin "amgtar"
          property "xattrs" "YES"
        }
        define script-tool sc {
          plugin "amlog-script"
        }
        define dumptype d {
          program "APPLICATION"
          application "app"
          exclude list optional "ex" "b \"c"
          exclude file append "*.o"
          dump-limit same-host
          bumpsize 10 mb
          starttime 2030
          comprate 0.3, 0.2
          priority high
          property "p" "v"
          estimate server client
          max-warnings 3
          script "sc"
        }
        define dumptype child {
          d
          exclude ""
          exclude list append "more"
          include list "in"
          client-custom-compress "/bin/zstd"
          compress client custom
        }

        """#

    private static let odd = #"""
        localhost "/with space" d
        localhost "/quo\"te" "/dev ice" d 3
        localhost plain /back\\slash child -1 # a comment
        localhost /a {
          d
          comment "in line"
          exclude ""
          include "./x" "./y"
          script "sc"
          application {
            plugin "amgtar"
            property "SPARSE" "NO"
          }
        } 2

        includefile "more"
        # nothing
        localhost	/tabs	child
        third.example "/é" {
          child
          index no
          strategy noinc
          holdingdisk never
        }
        """#

    @Test func `every value of odd entries, in braces, quoted and included, is as amadmin prints it`() throws
    {
        let stock = try StockConfiguration([
            "amanda.conf": Self.configuration, "disklist": Self.odd + "\n",
            "more": "other.host /m {\n d\n record no\n} 7\nother.host /n child 1 eth\n",
        ])
        #expect(try compare(stock) > 7 * 40)
    }

    @Test(arguments: ["disklist.data", "disklist.amanda-server", "disklist.braces"])
    func `every value of the reference's disklists is as amadmin prints it`(name: String) throws {
        let stock = try StockConfiguration([
            "amanda.conf": String(amandaBytes: try amandaFixture("Config/reference-corrected.conf"))
                .replacing("amandabackup", with: "backup"),
            "disklist": String(amandaBytes: try amandaFixture("Config/\(name)")),
        ])
        #expect(try compare(stock) > 40)
    }

    /// - Returns: how many values were compared.
    private func compare(_ stock: StockConfiguration) throws -> Int {
        let text = try stock.amadmin("disklist")
        let blocks = text.split(separator: "\n\n").map { $0.split(separator: "\n").map(String.init) }
        let entries = try stock.ourDisklist().entries
        try #require(blocks.count == entries.count, "\(text)")
        var count = 0
        for (entry, lines) in zip(entries, blocks) {
            var ours = place(entry)
            // To Amanda an interface is the host's: that of its last entry.
            ours["interface"] = entries.last { $0.host == entry.host }.map { [$0.interface ?? "default"] }
            for parameter in DefinitionKind.dumptype.table.parameters {
                ours[parameter.name.uppercased()] = values(
                    entry.dumptype.block.value(parameter.name), parameter)
            }
            var theirs: [String: [String]] = [:]
            for line in lines {
                let words = line.drop { $0 == " " }.split(separator: " ", maxSplits: 1).map(String.init)
                let value = (words.count > 1 ? words[1] : "").drop { $0 == " " }
                theirs[words[0], default: []].append(String(value))
            }
            for (key, values) in theirs {
                guard let own = ours[key.hasSuffix(":") ? String(key.dropLast()) : key] else { continue }
                count += values.count
                #expect(own.map(comparable) == values.map(comparable), "\(entry.diskName): \(key)")
            }
        }
        print("\(count) values of \(entries.count) disklist entries compared with amadmin")
        return count
    }

    private func place(_ entry: DisklistEntry) -> [String: [String]] {
        var values = [
            "line": ["\(entry.place.line ?? 0) (\(entry.place.file ?? "")):"], "host": ["\(entry.host):"],
            "disk": ["\(entry.diskName):"], "spindle": ["\(entry.spindle)"],
        ]
        if let device = entry.device { values["device"] = [device] }
        return values
    }

    /// As `amgetconf` prints them, with all strings in quotes and units behind sizes.
    private func values(_ value: ParameterValue, _ parameter: Parameter) -> [String] {
        switch (value, parameter.kind) {
        case (.text, .definition): AmgetconfText.lines(value, parameter)
        case (.text(let text), _): [AmandaQuotedString.quoteAlways(text ?? "")]
        case (.integer(let number), .integer(let rule)) where rule.unit == .kibibytes: ["\(number)K"]
        default: AmgetconfText.lines(value, parameter)
        }
    }

    /// Without the running numbers of definitions in braces, and blanks at both ends.
    private func comparable(_ text: String) -> String {
        text.replacing(#/(custom\(.*\))\.[0-9]+/#) { $0.output.1 }.trimmingCharacters(in: .whitespaces)
    }
}
