// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import AmandaFormat
import Faults
import Foundation
import Settings
import TestSupport
import Testing

@testable import Coordinator

/// What an operator writes: `cluster.json`, `nodes.txt`, names and times on the command line. It is read or refused with its place; what
/// is read can be written and read again. A trap would end the test program.
@Suite struct OperatorTextFuzzTests {
    private static let rounds = LongTests.areWanted ? 4_000 : 400

    // MARK: cluster.json

    /// With every setting that there is.
    private static let cluster = """
        { "format": 1, "cluster": "demo", "clusterID": "0f1e2d3c-4b5a-6978",
          "storage": { "bucket": "backups", "prefix": "demo/a", "region": "us-east-1", "endpoint": "http://127.0.0.1:8333",
            "addressing": "path", "kmsKeyID": "alias/x", "credentialsFile": "c", "authority": "s3.pem" },
          "tls": { "authority": "ca.pem", "authorityKey": "ca.key", "certificate": "coordinator.pem", "privateKey": "c.key" },
          "recovery": ["recovery.pem"],
          "configurations": { "self": "amanda-server", "data": ["vertica"] },
          "limits": { "agentLost": "90s", "stalled": "30m", "run": "20h", "storageOutage": "10m", "holdAfter": "2m",
            "sendMiBPerSecond": 1000, "receiveMiBPerSecond": 2000 },
          "plausibility": { "bytes": 0.5, "names": 0.25 },
          "nodes": [ { "name": "node01", "address": "127.0.0.1:7443", "restore": { "before": "stop", "after": "start",
            "afterFailure": "log", "limit": "10m" } }, { "name": "node02", "address": "[::1]:7443" } ] }
        """

    private static func read(_ bytes: [UInt8]) throws(SettingsError) -> ClusterSettings {
        try ClusterSettings(parsing: bytes, file: "cluster.json")
    }

    /// As errors name it: `nodes[0].name`.
    private static func name(_ path: TreePath) -> String {
        path.steps.reduce(into: "") { text, step in
            switch step {
            case .key(let key): text += text.isEmpty ? key : ".\(key)"
            case .index(let index): text += "[\(index)]"
            }
        }
    }

    private static let times = [
        "0s", "1s", "-1s", "2147483647s", "2147483648s", "99999999999d", "9223372036854775807ms", "1e3s", "s",
        "120", "500ms",
    ]

    @Test func `what is wrong with a setting is said with its name, and what is read is written the same`()
        throws
    {
        let tree = try JSONSerialization.jsonObject(with: Data(Self.cluster.utf8))
        var (readCount, refusedCount) = (0, 0)
        let values: [Any] =
            WireMutation.numbers + WireMutation.texts.filter { "\($0)".utf8.count < 1_000 } + Self.times + [
                NSNull(), true, [Any](), [String: Any](),
            ]
        for path in WireMutation.paths(tree) where !path.steps.isEmpty {
            for value in values {
                let changed = WireMutation.replacing(tree, at: path.steps[...], with: value) ?? tree
                let bytes = Array(try JSONSerialization.data(withJSONObject: changed))
                do throws(SettingsError) {
                    let settings = try Self.read(bytes)
                    readCount += 1
                    do throws(SettingsError) {
                        let again = try Self.read(Array(settings.text.utf8))
                        #expect(again == settings, "\(path): \(value)")
                    } catch {
                        Issue.record("\(path): what is written is not read: \(error)")
                    }
                } catch {
                    refusedCount += 1
                    if case .syntax = error { continue }
                    #expect("\(error)".contains(Self.name(path)), "\(path): \(error)")
                }
            }
        }
        #expect(readCount > 100 && refusedCount > 500)
    }

    /// Half a year of waiting is possible; what no agent takes is refused here, where the setting stands.
    @Test func `every limit that is read is one that an agent takes`() throws {
        for key in ["agentLost", "stalled", "run", "storageOutage", "holdAfter"] {
            for time in Self.times {
                let text = #"{ "limits": { "\#(key)": "\#(time)" } }"#
                let tree = try JSONSerialization.jsonObject(with: Data(text.utf8))
                let limits = (tree as? [String: Any])?["limits"] ?? [:]
                var all =
                    try JSONSerialization.jsonObject(with: Data(Self.cluster.utf8)) as? [String: Any] ?? [:]
                all["limits"] = limits
                guard let settings = try? Self.read(Array(JSONSerialization.data(withJSONObject: all))) else {
                    continue
                }
                let seconds = [settings.limits.storageOutage, settings.limits.holdAfter].map(
                    \.components.seconds)
                #expect(seconds.allSatisfy { (0...Int64(Int32.max)).contains($0) }, "\(key): \(time)")
            }
        }
    }

    /// The reader takes them as escapes alone; `node add` writes the file anew.
    @Test(arguments: ["\u{A0}", "\u{202E}", "\u{7F}", "\u{FEFF}", "\u{E0001}", "\u{1B}"])
    func `a character that nobody sees is written as it must be read`(hidden: String) throws {
        var settings = try Self.read(Array(Self.cluster.utf8))
        settings.nodes[0].restore?.before = "echo \(hidden)x"
        let text = settings.text
        #expect(try Self.read(Array(text.utf8)) == settings)
        #expect(!text.unicodeScalars.contains { String($0) == hidden })
    }

    @Test func `a file that was damaged is read or refused with its place`() throws {
        var generator = SeededGenerator(seed: 81)
        let whole = Array(Self.cluster.utf8)
        for round in 0..<Self.rounds {
            let bytes =
                round % 2 == 0
                ? ByteMutation.damaged(whole, using: &generator)
                : ByteMutation.absurd(whole, using: &generator)
            do throws(SettingsError) {
                let settings = try Self.read(bytes)
                _ = settings.text
            } catch {
                #expect("\(error)".hasPrefix("cluster.json"), "\(error)")
            }
        }
    }

    // MARK: nodes.txt

    @Test func `lines of nodes are read or refused each by its number, and can be written again`() throws {
        let text = Array(
            "# rack\nnode01 10.0.0.1:7443\nnode02\tnode02.example:7443 # x\n\nnode03 [fd00::3]:7443\r\n".utf8)
        var generator = SeededGenerator(seed: 82)
        var readCount = 0
        for round in 0..<Self.rounds {
            let bytes =
                round % 2 == 0
                ? ByteMutation.damaged(text, using: &generator) : ByteMutation.absurd(text, using: &generator)
            do {
                let read = try NodeLines(parsing: String(decoding: bytes, as: UTF8.self), file: "nodes.txt")
                readCount += 1
                let written = read.lines.map { "\($0.name) \($0.address)" }.joined(separator: "\n")
                let again = try NodeLines(parsing: written, file: "nodes.txt")
                #expect(again.lines.map(\.name) == read.lines.map(\.name))
                #expect(again.lines.map(\.address) == read.lines.map(\.address))
                #expect(Set(read.lines.map(\.name)).count == read.lines.count)
            } catch let error as FaultList {
                #expect(error.faults.allSatisfy { $0.headline.hasPrefix("nodes.txt:") })
            } catch is CoordinatorError {}
        }
        #expect(readCount > Self.rounds / 20)
    }

    @Test(.timeLimit(.minutes(1))) func `a list of very many nodes costs as much as it is long`() throws {
        let count = 20_000
        let lines = (0..<count).map { "node\($0) 10.\($0 >> 16).\($0 >> 8 & 255).\($0 & 255):7443" }
        let read = try NodeLines(parsing: lines.joined(separator: "\n"), file: "nodes.txt")
        #expect(read.lines.count == count)
        let error = #expect(throws: FaultList.self) {
            try NodeLines(parsing: "a h:1\nb h:1\na h:2", file: "nodes.txt")
        }
        #expect(
            error?.faults.map(\.headline) == [
                "nodes.txt:2: 'h:1' is the address of 'a' in line 1",
                "nodes.txt:3: 'a' stands in line 1 already",
            ])
    }

    // MARK: The command line

    private static let letters: [Unicode.Scalar] = [
        "a", "0", "1", "9", ".", ":", "[", "]", "-", "=", " ", "\u{301}", "\u{663}", "f", "_", "\u{FF21}",
    ]

    private static func text(_ count: ClosedRange<Int>, _ generator: inout SeededGenerator) -> String {
        var text = String.UnicodeScalarView()
        for _ in 0..<Int.random(in: count, using: &generator) {
            text.append(letters.randomElement(using: &generator) ?? "a")
        }
        return String(text)
    }

    @Test func `an address comes back from its text, or is none`() {
        var generator = SeededGenerator(seed: 83)
        var readCount = 0
        for _ in 0..<(Self.rounds * 10) {
            let port = ["1", "7443", "65535", "0", "65536", "07443", "+1", "99999999999999999999", ""]
            let text = Self.text(1...4, &generator) + ":" + (port.randomElement(using: &generator) ?? "")
            guard let address = AgentAddress(text) else { continue }
            readCount += 1
            #expect(
                (1...65_535).contains(address.port) && address.host.utf8.allSatisfy { $0 < 0x80 }, "'\(text)'"
            )
            #expect(AgentAddress(address.description) == address, "'\(text)'")
        }
        #expect(readCount > 100)
    }

    @Test(arguments: [
        "2026-11-30T02:00:00+01:00", "2026-11-30 02:00", "20261130020000", "2026-11-30T02:00:00Z",
    ])
    func `a moment is read or refused, and what is read can be said and asked`(text: String) throws {
        _ = try RunMoment(argument: text)
        var generator = SeededGenerator(seed: text.utf8.reduce(84) { $0 &* 31 &+ UInt64($1) })
        let run = try #require(RunName("20261123030600"))
        for round in 0..<Self.rounds {
            let bytes =
                round % 2 == 0
                ? ByteMutation.damaged(Array(text.utf8), using: &generator)
                : ByteMutation.absurd(Array(text.utf8), oneIn: 2, using: &generator)
            let changed = String(decoding: bytes, as: UTF8.self)
            guard let moment = try? RunMoment(argument: changed) else { continue }
            #expect(changed.utf8.allSatisfy { "0123456789-+:TZ ".utf8.contains($0) }, "'\(changed)'")
            _ = (moment.mayHold(run), moment.text, moment.holds(Sample.manifest([], .complete)))
            #expect(moment.text.utf8.count >= 19, "'\(moment.text)'")
        }
    }

    @Test(arguments: [
        "2026-11-30T02:00:00++1+2", "2026-11-30T02:00:00+1", "2026-11-30T02:00:00+-1-2",
        "2026-11-30T02:00:00+15:00",
        "2026-11-30T02:00:00+01:60", "2026-11-30T02:00:00z", "2026-02-30 02:00", "2026-11-30 24:00",
        "0000-00-00 00:00",
        "2026-11-30 02:00:0", "2026-11-30 02:00:000", "2026-11-30", "\u{662}026-11-30 02:00",
    ])
    func `what is no moment is none`(text: String) {
        #expect(throws: CoordinatorError.self) { try RunMoment(argument: text) }
    }

    @Test func `no map of nodes gives one machine two nodes' data, or two machines one's`() {
        let nodes = ["a", "b", "c", "d"]
        var generator = SeededGenerator(seed: 85)
        var readCount = 0
        for _ in 0..<(Self.rounds * 5) {
            let arguments = (0..<Int.random(in: 1...4, using: &generator)).map { _ in
                let names = (nodes + ["e", "", "a=b"]).shuffled(using: &generator)
                return "\(names[0])=\(names[1])"
            }
            let onto = nodes.filter { _ in Int.random(in: 0..<4, using: &generator) > 0 }
            guard let map = try? NodeMap(arguments, onto: onto, of: nodes) else { continue }
            readCount += 1
            #expect(Set(onto.map { map.source(of: $0) }).count == onto.count, "\(arguments) onto \(onto)")
        }
        #expect(readCount > 20)
    }

    @Test func `a day is one, or is refused`() {
        var generator = SeededGenerator(seed: 86)
        for _ in 0..<Self.rounds {
            let changed = ByteMutation.damaged(Array("2026-11-23".utf8), using: &generator)
            let text = String(decoding: changed, as: UTF8.self)
            guard let options = try? ListOptions(since: text) else { continue }
            #expect(options.since?.digits.hasPrefix(text.filter { $0 != "-" }) == true, "'\(text)'")
        }
    }

    // MARK: Streams

    @Test func `a stream has the same lines, wherever it is cut`() {
        var generator = SeededGenerator(seed: 87)
        for _ in 0..<Self.rounds {
            let stream = (0..<Int.random(in: 0...200, using: &generator)).map { _ in
                Int.random(in: 0..<6, using: &generator) == 0
                    ? UInt8(10) : .random(in: 11...255, using: &generator)
            }
            let whole = stream.split(separator: 10).map(Array.init)
            var splitter = LineSplitter()
            var (lines, start) = ([[UInt8]](), 0)
            while start < stream.count {
                let end = min(stream.count, start + Int.random(in: 1...40, using: &generator))
                lines += splitter.take(Array(stream[start..<end])) ?? []
                start = end
            }
            #expect(lines == (stream.last == 10 || stream.isEmpty ? whole : Array(whole.dropLast())))
        }
    }
}
