// SPDX-License-Identifier: Apache-2.0

import AmandaFormat
import Files
import S3
import Synchronization
import TestSupport
import Testing

@testable import Dump

/// Dumps that go on from one volume to the next.
@Suite(.enabled(if: RequiredTools.areUsable("weed")), .timeLimit(.minutes(5)))
struct VolumeSeriesTests {
    private static let layout = StoragePlan(blockByteCount: 5 << 20, uploadThreadCount: 2)
    private static let limit: Int64 = 16 << 20

    @Test func `a dump that is larger than a volume goes on to the next, and comes back`() async throws {
        let fixture = try await DumpFixture(server: .shared())
        try shell("head -c 40M /dev/urandom > random", in: fixture.source)
        let volumes = VolumesOfTest(fixture, Self.layout, limit: Self.limit)
        let outcome = try await fixture.dump(fixture.plan(volume: volumes.series(atMost: 4)))
        #expect(outcome.isUsable, "\(outcome.status)")
        #expect(Set(outcome.parts.map(\.label)) == ["v-1", "v-2", "v-3"])
        #expect(outcome.parts.map(\.fileNumber) == [1, 1, 1])
        for volume in volumes.taken { #expect(volume.room.usedByteCount <= Self.limit) }
        for part in outcome.parts { #expect(part.byteCount <= Self.limit) }
        try await expectSame(fixture, outcome, volumes)
    }

    @Test func `every part on another volume gunzips alone and bears its number`() async throws {
        let fixture = try await DumpFixture(server: .shared())
        try shell("head -c 20M /dev/urandom > random", in: fixture.source)
        let volumes = VolumesOfTest(fixture, Self.layout, limit: Self.limit)
        let outcome = try await fixture.dump(fixture.plan(volume: volumes.series(atMost: 4)))
        #expect(outcome.parts.count == 2)
        for (index, part) in outcome.parts.enumerated() {
            let reader = try #require(volumes.readers[part.label])
            let header = try await reader.header(ofFile: UInt32(part.fileNumber))
            #expect(header.part?.number == index + 1)
            #expect(!header.isPartial)
            let key = try #require(part.dataKey)
            let path = fixture.directory.path("part-\(index)")
            try FileSystem.writeAtomically(path, try await fixture.client.get(key, limit: 64 << 20).bytes)
            try shell("gzip -t < '\(path)'", in: fixture.directory.path)
        }
    }

    @Test func `dumps side by side share volumes, and no volume takes more than its limit`() async throws {
        let fixture = try await DumpFixture(server: .shared())
        let volumes = VolumesOfTest(fixture, Self.layout, limit: Self.limit)
        let series = try volumes.series(atMost: 9)
        let outcomes = try await withThrowingTaskGroup(of: DumpOutcome.self) { group in
            for name in ["a", "b", "c"] {
                let directory = "\(fixture.source)/\(name)"
                try FileSystem.makeDirectories(directory)
                try shell("head -c 14M /dev/urandom > random", in: directory)
                var plan = try fixture.plan(nil, volume: series) { $0.disk = directory }
                plan.indexPath = nil
                group.addTask { try await fixture.dump(plan) }
            }
            return try await group.reduce(into: [DumpOutcome]()) { $0.append($1) }
        }
        for outcome in outcomes {
            let plan = try await fixture.restorePlan(outcome, volumes: volumes.readers)
            _ = try await RestoreEngine().restore(plan)
        }
        for volume in volumes.taken {
            let files = outcomes.flatMap(\.parts).filter { $0.label == volume.label }
            #expect(files.map(\.fileNumber).sorted() == Array(1...files.count))
            #expect(files.reduce(0) { $0 + $1.byteCount } < Self.limit)
        }
        #expect((3...4).contains(volumes.taken.count))
    }

    @Test func `a dump fails with the figures when no further volume may be taken`() async throws {
        let fixture = try await DumpFixture(server: .shared())
        try shell("head -c 40M /dev/urandom > random", in: fixture.source)
        let volumes = VolumesOfTest(fixture, Self.layout, limit: Self.limit)
        let outcome = try await fixture.dump(fixture.plan(volume: volumes.series(atMost: 2)))
        guard case .failed(let error) = outcome.status else { throw TestFailure("it did not fail") }
        #expect("\(error)".hasPrefix("no further volume: volume 'v-2' is full: "))
        #expect("\(error)".hasSuffix(" bytes of 16777216 are used"))
        let first = try await #require(volumes.readers["v-1"]).header(ofFile: 1)
        #expect(first.isPartial)
        #expect(fixture.journal.pending().isEmpty)
    }

    @Test func `a dump that must not be cut fails where its volume ends`() async throws {
        let fixture = try await DumpFixture(server: .shared())
        try shell("head -c 40M /dev/urandom > random", in: fixture.source)
        let volumes = VolumesOfTest(fixture, Self.layout, limit: Self.limit)
        var plan = try fixture.plan(volume: volumes.series(atMost: 4))
        plan.allowsSplit = false
        guard case .failed(let error) = try await fixture.dump(plan).status else {
            throw TestFailure("it did not fail")
        }
        #expect("\(error)".hasPrefix("volume 'v-1' is full, and the dump must not be cut ('allow-split no')"))
        #expect(volumes.taken.count == 1)
    }

    @Test func `max-dle-by-volume lets so many dumps on a volume`() async throws {
        let fixture = try await DumpFixture(server: .shared())
        let volumes = VolumesOfTest(fixture, Self.layout, limit: nil)
        let series = try volumes.series(atMost: 9, maxDumps: 2)
        var labels: [String] = []
        for name in ["a", "b", "c"] {
            let directory = "\(fixture.source)/\(name)"
            try FileSystem.makeDirectories(directory)
            let plan = try fixture.plan(volume: series) { $0.disk = directory }
            labels += try await fixture.dump(plan).parts.map(\.label)
        }
        #expect(labels == ["v-1", "v-1", "v-2"])
    }

    @Test func `dumps side by side under max-dle-by-volume stay where they are, part by part`() async throws {
        let fixture = try await DumpFixture(server: .shared())
        var layout = Self.layout
        layout.partByteCount = 5 << 20
        let volumes = VolumesOfTest(fixture, layout, limit: nil)
        let series = try volumes.series(atMost: 2, maxDumps: 1)
        let outcomes = try await withThrowingTaskGroup(of: DumpOutcome.self) { group in
            for name in ["a", "b"] {
                let directory = "\(fixture.source)/\(name)"
                try FileSystem.makeDirectories(directory)
                try shell("head -c 34M /dev/urandom > random", in: directory)
                var plan = try fixture.plan(nil, volume: series) { $0.disk = directory }
                plan.indexPath = nil
                group.addTask { try await fixture.dump(plan) }
            }
            return try await group.reduce(into: [DumpOutcome]()) { $0.append($1) }
        }
        for outcome in outcomes {
            #expect(outcome.isUsable, "\(outcome.status)")
            #expect(outcome.parts.count > 6)
            #expect(Set(outcome.parts.map(\.label)).count == 1)
            _ = try await RestoreEngine().restore(
                try await fixture.restorePlan(outcome, volumes: volumes.readers))
        }
    }

    @Test func `volumes that an earlier attempt has filled are passed over`() async throws {
        let fixture = try await DumpFixture(server: .shared())
        try shell("head -c 4M /dev/urandom > random", in: fixture.source)
        let volumes = VolumesOfTest(fixture, Self.layout, limit: Self.limit, filled: 3)
        let outcome = try await fixture.dump(fixture.plan(volume: volumes.series(atMost: 4)))
        #expect(outcome.isUsable, "\(outcome.status)")
        #expect(outcome.parts.map(\.label) == ["v-4"])
    }

    @Test func `a volume that takes nothing at all costs one more, not all`() async throws {
        let fixture = try await DumpFixture(server: .shared())
        let volumes = VolumesOfTest(fixture, Self.layout, limit: 1000)
        guard
            case .failed(VolumeError.tooSmall(label: "v-2", _, _)) =
                try await fixture.dump(fixture.plan(volume: volumes.series(atMost: 9))).status
        else { throw TestFailure("it did not fail") }
        #expect(volumes.taken.count == 2)
    }

    private func expectSame(
        _ fixture: DumpFixture, _ outcome: DumpOutcome, _ volumes: VolumesOfTest
    ) async throws {
        let plan = try await fixture.restorePlan(outcome, volumes: volumes.readers)
        _ = try await RestoreEngine().restore(plan)
        #expect(
            try manifest(of: fixture.target, withXattrs: true)
                == manifest(of: fixture.source, withXattrs: true))
    }
}

struct TestFailure: Error {
    let what: String

    init(_ what: String) {
        self.what = what
    }
}

/// Volumes in the bucket, one slot each, taken one after the other.
final class VolumesOfTest: Sendable {
    private let fixture: DumpFixture
    private let layout: StoragePlan
    private let limit: Int64?
    private let filled: Int
    private let state = Mutex<[BucketVolume]>([])

    /// - Parameter filled: so many, the first ones, have no room left.
    init(_ fixture: DumpFixture, _ layout: StoragePlan, limit: Int64?, filled: Int = 0) {
        self.fixture = fixture
        self.layout = layout
        self.limit = limit
        self.filled = filled
    }

    var taken: [BucketVolume] { state.withLock { $0 } }

    var readers: [String: any VolumeReader] {
        Dictionary(
            uniqueKeysWithValues: taken.map {
                ($0.label, BucketReader(client: fixture.client, keys: keys($0.label)))
            })
    }

    func series(atMost count: Int, maxDumps: Int = .max) throws -> VolumeSeries {
        try VolumeSeries(first: try take(), maxDumpsPerVolume: maxDumps) { [self] cause in
            guard taken.count < count else {
                guard case .full(let label, let room) = cause else { throw TestFailure("\(cause)") }
                throw NoFurtherVolume(description: "no further volume: volume '\(label)' is full: \(room)")
            }
            return try take()
        }
    }

    private func keys(_ label: String) -> ObjectKeys { ObjectKeys(slotPrefix: "series/\(label)-") }

    private func take() throws -> BucketVolume {
        try state.withLock { taken in
            let label = "v-\(taken.count + 1)"
            let isFilled = taken.count < filled
            let volume = try BucketVolume(
                label: label, client: fixture.client, journal: fixture.journal, keys: keys(label),
                firstFileNumber: isFilled ? 2 : 1, layout: layout,
                room: VolumeRoom(limit: limit, used: isFilled ? limit ?? 0 : 0))
            taken.append(volume)
            return volume
        }
    }
}

struct NoFurtherVolume: Error, CustomStringConvertible {
    let description: String
}
