// SPDX-License-Identifier: Apache-2.0

import AmandaFormat
import Foundation
import Testing

@testable import AgentAPI

/// What a node writes down of a run is evidence: whatever its disks and scripts have brought, it can be read.
@Suite(.timeLimit(.minutes(1))) struct BoundedRecordTests {
    private static func record(_ dumps: [DumpRecord]) throws -> NodeRecord {
        let run = try #require(RunName("20261123030600"))
        let time = Date(timeIntervalSince1970: 1_795_000_000)
        return NodeRecord(
            cluster: "demo", node: "node01", run: run, attempt: 1, fence: 1, version: "1", startedAt: time,
            finishedAt: time, configurations: [ConfigurationRecord(name: "data", role: .data, dumps: dumps)])
    }

    private static func dump(_ names: Int, _ length: Int) -> DumpRecord {
        var dump = DumpRecord(
            host: "localhost", disk: "/data", device: "/data", level: 0, status: .ok, compression: .none)
        let included = (0..<names).map { Array(("\($0)" + String(repeating: "n", count: length)).utf8) }
        dump.selection = DumpSelection(included: included, excluded: nil)
        return dump
    }

    @Test func `the names of many disks together leave the record readable, and the first ones in it`() throws
    {
        // 100,000 short names each: together more values than a reader takes.
        let dumps = Array(repeating: Self.dump(100_000, 0), count: 12)
        #expect(dumps[0].selection != nil)
        let record = try Self.record(dumps).bounded
        let kept = record.configurations[0].dumps.map { $0.selection != nil }
        #expect(kept == Array(repeating: true, count: 4) + Array(repeating: false, count: 8))
        #expect(record.configurations[0].dumps[11].notes.first?.contains("100000 names") == true)
        #expect(record.configurations[0].dumps[0].notes.isEmpty)
        // Of the record's other values there are few.
        #expect(NodeRecord.selectedNameLimit < JSONShape.valueLimit / 2)
    }

    @Test func `few long names are bounded by their bytes`() throws {
        let record = try Self.record(Array(repeating: Self.dump(900, 1_000), count: 30)).bounded
        let kept = record.configurations[0].dumps.compactMap(\.selection?.included).flatMap(\.self)
        let byteCount = kept.reduce(0) { $0 + $1.utf8.count }
        #expect(byteCount <= NodeRecord.selectedByteCountLimit && byteCount > 15 << 20)
    }

    @Test func `a recovery point is as long as people read`() throws {
        let point = RecoveryPoint(name: "epoch", value: "0x2f at 12:00")
        #expect(point.name == "epoch" && point.value == "0x2f at 12:00")
        let long = RecoveryPoint(
            name: String(repeating: "\u{1F511}", count: 1_000), value: String(repeating: "x", count: 100_000))
        #expect(long.name.utf8.count < 300 && long.value.utf8.count < 1_100)
        #expect(long.value.hasSuffix("bytes more"))
    }

    @Test
    func `a configuration gives a bounded number of reasons, and one that makes it unusable is not left out`()
    {
        let faults = (1...500).map { line in
            WireError(line == 400 ? .configuration : .failed, node: "node01", "line \(line)")
        }
        #expect(Array(faults.prefix(100)).bounded == Array(faults.prefix(100)))
        let bounded = faults.bounded
        #expect(bounded.count == 101 && bounded.first == faults.first)
        #expect(bounded.last == WireError(.configuration, node: "node01", "and 400 more reasons"))
        var status = ConfigurationStatus(name: "data", role: .data).with(faults)
        status.diskErrors = faults
        status.allRemarks = (1...5_000).map { Remark("remark \($0)") }
        status.outsideSelfBackup = (1...5_000).map { "/path/\($0)" }
        let told = status.bounded
        #expect(told.faults == bounded && told.error == faults.first && told.diskErrors == bounded)
        #expect(told.allRemarks.count == 201 && told.allRemarks.last?.text == "and 4800 more")
        #expect(told.outsideSelfBackup.count == 200)
        let short = ConfigurationStatus(name: "data", role: .data).with(Array(faults.prefix(3)))
        #expect(short.bounded == short)
    }
}
