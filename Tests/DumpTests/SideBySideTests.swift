// SPDX-License-Identifier: Apache-2.0

import AmandaFormat
import Files
import S3
import TestSupport
import Testing

@testable import Dump

/// Several dumps on one volume at the same time.
@Suite(.enabled(if: RequiredTools.areUsable("weed")), .timeLimit(.minutes(5)))
struct SideBySideTests {
    private static let layout = StoragePlan(
        blockByteCount: 5 << 20, partByteCount: 5 << 20, uploadThreadCount: 2)

    @Test func `dumps side by side share a volume without a gap in its file numbers`() async throws {
        let fixture = try await DumpFixture(server: .shared())
        let volume = try fixture.volume(Self.layout)
        let outcomes = try await dumpThree(fixture, volume)
        let numbers = outcomes.flatMap(\.parts).map(\.fileNumber)
        #expect(numbers.sorted() == Array(1..<Int(volume.nextFileNumber)))
        #expect(numbers.count >= 9)
        for outcome in outcomes {
            #expect(outcome.parts.map(\.fileNumber) == outcome.parts.map(\.fileNumber).sorted())
            let plan = try await fixture.restorePlan(outcome)
            _ = try await RestoreEngine().restore(plan)
        }
    }

    @Test func `a dump that fails beside others leaves no hole`() async throws {
        let server = try await LocalS3Server.shared()
        let proxy = try FaultyProxy(to: server.port)
        let fixture = try await DumpFixture(server: server, endpoint: proxy.endpoint)
        let volume = try fixture.volume(Self.layout)
        proxy.inject(
            .error(status: 403, code: "AccessDenied"), method: "PUT", target: "f00000004-mp.data", times: 100)
        let outcomes = try await dumpThree(fixture, volume)
        #expect(outcomes.filter(\.isUsable).count == 2)
        var marks: [Bool] = []
        for number in 1..<volume.nextFileNumber {
            let header = try await fixture.reader.header(ofFile: number)
            marks.append(header.isPartial)
        }
        let whole = outcomes.filter(\.isUsable).flatMap(\.parts).map { Int($0.fileNumber) - 1 }
        #expect(marks.indices.filter { !marks[$0] } == whole.sorted(), "\(marks)")
        #expect(marks[3])
        #expect(fixture.journal.pending().isEmpty)
    }

    private func dumpThree(_ fixture: DumpFixture, _ volume: BucketVolume) async throws -> [DumpOutcome] {
        try await withThrowingTaskGroup(of: DumpOutcome.self) { group in
            for name in ["a", "b", "c"] {
                let directory = "\(fixture.source)/\(name)"
                try FileSystem.makeDirectories(directory)
                try shell("head -c 14M /dev/urandom > random", in: directory)
                var plan = try fixture.plan(nil, volume: volume) { $0.disk = directory }
                plan.indexPath = nil
                group.addTask { try await fixture.dump(plan) }
            }
            return try await group.reduce(into: []) { $0.append($1) }
        }
    }
}
