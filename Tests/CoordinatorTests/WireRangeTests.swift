// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import AmandaFormat
import Foundation
import TestSupport
import Testing

@testable import Coordinator

/// What agents send and the bucket holds is a claim: every number in it has a range.
@Suite struct WireRangeTests {
    /// Fields that may be anything that is not below 0: fences are judged by the time, the others are names.
    static let free: Set<String> = ["fence", "deviceNumber"]

    @Test(arguments: WireDocument.all)
    func `every number of every document refuses what cannot be`(document: WireDocument) throws {
        let tree = document.tree
        _ = try document.read(WireDocument.bytes(tree))
        for path in WireMutation.paths(tree)
        where WireMutation.isNumber(WireMutation.value(in: tree, at: path)) {
            for number in [Int64.max, 1e300] as [Any] {
                if Self.free.contains(path.field), number is Int64 { continue }
                let changed = WireMutation.replacing(tree, at: path.steps[...], with: number) ?? tree
                #expect(
                    throws: WireJSONError.self, "\(document.name): \(path) = \(number)",
                    performing: { try document.read(WireDocument.bytes(changed)) })
            }
            if path.field != "storageClockOffsetSeconds" {
                let changed = WireMutation.replacing(tree, at: path.steps[...], with: -1) ?? tree
                #expect(
                    throws: WireJSONError.self, "\(document.name): \(path) = -1",
                    performing: { try document.read(WireDocument.bytes(changed)) })
            }
        }
    }

    @Test(arguments: WireDocument.all)
    func `no document leaves a number out`(document: WireDocument) throws {
        let value = try document.read(Array(document.json.utf8))
        #expect(Self.missing(in: value, at: document.name) == [], "add it to WireDocument")
    }

    /// Numbers and times that may be there and are not.
    private static func missing(in value: Any, at path: String) -> [String] {
        let mirror = Mirror(reflecting: value)
        if mirror.displayStyle == .optional, mirror.children.isEmpty {
            let type = "\(type(of: value))"
            let numbers = ["Int", "Int64", "UInt64", "UInt32", "Double", "Date"]
            return numbers.contains { type == "Optional<\($0)>" } ? [path] : []
        }
        if value is Date || value is String || value is RunName { return [] }
        return mirror.children.flatMap { missing(in: $0.value, at: "\(path).\($0.label ?? "")") }
    }

    @Test func `the field and the number are named`() throws {
        let bad = WireDocument.status.replacing(
            "\"usedBytes\": 5", with: "\"usedBytes\": 9223372036854775807")
        let error = #expect(throws: WireJSONError.self) {
            try WireJSON.read(NodeStatus.self, from: Array(bad.utf8), what: "the agent's answer")
        }
        #expect(
            error?.description
                == "the agent's answer cannot be read: configurations.[0].selfBackupHoles.[0].usedBytes: "
                + "9223372036854775807 is out of range: from 0 to 1152921504606846976 is possible")
    }

    @Test(arguments: ["[", "{\"x\":"])
    func `levels without end are refused before anything recurses`(opening: String) {
        let bytes = Array(String(repeating: opening, count: 200_000).utf8)
        #expect(throws: WireJSONError.self) {
            try WireJSON.read(NodeStatus.self, from: bytes, what: "answer")
        }
    }

    @Test func `as many levels as no document of ours has are refused, and one less is read`() throws {
        func pins(levels: Int) throws -> PinIndex {
            let (opened, closed) = (
                String(repeating: "[", count: levels - 1), String(repeating: "]", count: levels - 1)
            )
            let text = "{\"format\": 1, \"runs\": [], \"x\": \(opened)\(closed)}"
            return try WireJSON.read(PinIndex.self, from: Array(text.utf8), what: "pins")
        }
        _ = try pins(levels: 64)
        let error = #expect(throws: WireJSONError.self) { try pins(levels: 65) }
        #expect(error?.reason == "it has 65 levels, more than 64")
    }

    @Test func `a small document of very many values is refused`() throws {
        func pins(values: Int) throws -> PinIndex {
            let list = "[0\(String(repeating: ",0", count: values - 1))]"
            return try WireJSON.read(
                PinIndex.self, from: Array("{\"format\": 1, \"runs\": [], \"x\": \(list)}".utf8), what: "pins"
            )
        }
        _ = try pins(values: 1_000_000)
        let error = #expect(throws: WireJSONError.self) { try pins(values: 1_100_000) }
        #expect(error?.reason == "it has more than 1048576 values")
    }

    @Test func `a sentence begins no line of its own and is cut`() throws {
        let long = String(repeating: "é", count: 40_000)
        let error = try WireJSON.read(
            WireErrors.self,
            from: Array(
                "{\"kind\": \"failed\", \"message\": \"a\\nnode01 complete\", \"hint\": \"\(long)\"}".utf8),
            what: "error")
        #expect(error.facts == "a; node01 complete")
        #expect(error.hint?.hasSuffix("… and 63616 bytes more") == true)
    }

    @Test(arguments: [Int.max, Int.max - 1, 1 << 53, 20_000_000_000])
    func `a fence that cannot be yet does not end the count`(fence: Int) throws {
        var old = try WireJSON.read(Lease.self, from: Array(WireDocument.lease.utf8), what: "lease")
        old.fence = fence
        old.isReleased = true
        let claim = LeaseClaim(cluster: "demo", holder: "me", verb: "backup", run: nil)
        guard case .replace(let new, _) = LeaseDecision.taking(found: old, as: claim, now: Sample.time) else {
            Issue.record("not replaced")
            return
        }
        #expect(new.fence == Int(Sample.time.timeIntervalSince1970))
    }

    @Test func `notes without end become some, and how many more`() async throws {
        var record = Sample.record()
        record.configurations[0].dumps[0].strange = (0..<10_000).map { "odd \($0)" }
        let verdict = NodeJudgement.verdict(
            node: "node01", jobID: "j", run: Sample.run, asked: Sample.asked, evidence: .record(record),
            ending: nil)
        #expect(verdict.notes.count < 500)
        #expect(verdict.notes.contains { $0.hasSuffix("and 9800 more") })
        let board = ProgressBoard(nodes: ["node01"])
        for index in 0..<10_000 { await board.note("node01", "note \(index)") }
        #expect(await board.takeNews().notes.count == ProgressBoard.noteLimit + 1)
    }

    @Test func `sums of a record stay what a manifest may say`() throws {
        var record = Sample.record()
        for index in record.configurations.indices {
            record.configurations[index].dumps = (0..<9).map { _ in
                var dump = Sample.dump()
                dump.native.byteCount = .max
                dump.parts[0].byteCount = .max
                return dump
            }
        }
        let verdict = NodeJudgement.verdict(
            node: "node01", jobID: "j", run: Sample.run, asked: Sample.asked, evidence: .record(record),
            ending: nil)
        let manifest = Sample.manifest([verdict], .complete)
        let read = try WireJSON.read(RunManifest.self, from: WireJSON.document(manifest), what: "manifest")
        #expect(read.nodes[0].dumpedBytes == 1 << 60)
    }
}
