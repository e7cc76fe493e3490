// SPDX-License-Identifier: Apache-2.0

import AmandaFormat
import Files
import Foundation
import S3
import TestSupport
import Testing

@testable import Dump

@Suite(.enabled(if: RequiredTools.areUsable("weed")), .timeLimit(.minutes(5)))
struct RestoreEngineTests {
    private func small(_ fixture: DumpFixture, megabytes: Int = 3) async throws -> DumpOutcome {
        try shell("head -c \(megabytes)M /dev/urandom > random; seq 1 300000 > text", in: fixture.source)
        return try await fixture.dump(fixture.plan())
    }

    @Test(arguments: [1_000_000, 70_000, 4_096])
    func `restores single-member gzip cut into parts anywhere, as stock Amanda writes it`(
        cut: Int
    ) async throws {
        let fixture = try await DumpFixture(server: .shared())
        try shell("head -c 300000 /dev/urandom > random; seq 1 20000 > text", in: fixture.source)
        try shell(
            "tar -C source -cf - . | gzip -1 > data.gz; split -a 3 -d -b \(cut) data.gz piece.; ls piece.* | wc -l",
            in: fixture.directory.path)
        var parts: [RestorePlan.Part] = []
        for name in try FileSystem.list(fixture.directory.path).filter({ $0.hasPrefix("piece.") }) {
            let number = UInt32(parts.count + 1)
            let bytes = try FileSystem.readAll(fixture.directory.path(name))
            _ = try await fixture.client.put(fixture.keys.data(file: number), bytes)
            parts.append(.init(volume: fixture.reader, fileNumber: number))
        }
        let plan = RestorePlan(parts: parts, isGzipped: true, target: fixture.target)
        _ = try await RestoreEngine().restore(plan)
        try shell("diff -r source target", in: fixture.directory.path)
    }

    @Test func `leaves other files of the target alone, and extracts only what is asked for`() async throws {
        let fixture = try await DumpFixture(server: .shared())
        let outcome = try await small(fixture)
        try shell("mkdir target; echo kept > target/other", in: fixture.directory.path)
        var plan = try await fixture.restorePlan(outcome)
        plan.paths = ["text"]
        _ = try await RestoreEngine().restore(plan)
        #expect(try FileSystem.list(fixture.target) == ["other", "text"])
    }

    @Test func `a flipped bit never reaches tar and names the object`() async throws {
        let fixture = try await DumpFixture(server: .shared())
        let outcome = try await small(fixture)
        let key = try #require(outcome.parts.first?.dataKey)
        var bytes = try await fixture.stored(outcome)
        bytes[bytes.count / 2] ^= 1
        _ = try await fixture.client.put(key, bytes)
        let error = await #expect(throws: RestoreError.self) { try await fixture.restore(outcome) }
        #expect(
            error?.description.contains("'\(key)' is damaged in the store near byte") == true,
            "\(String(describing: error))")
    }

    @Test func `a flipped bit of an uncompressed dump is never a success`() async throws {
        let fixture = try await DumpFixture(server: .shared())
        try shell("head -c 3M /dev/zero > zeros", in: fixture.source)
        let outcome = try await fixture.dump(fixture.plan(nil))
        var bytes = try await fixture.stored(outcome)
        bytes[2_000_000] ^= 1
        _ = try await fixture.client.put(try #require(outcome.parts.first?.dataKey), bytes)
        let error = await #expect(throws: RestoreError.self) { try await fixture.restore(outcome) }
        #expect(error?.description.contains("the CRC-32C of the stored stream is") == true)
    }

    @Test func `a shortened or missing object is found before the first byte`() async throws {
        let fixture = try await DumpFixture(server: .shared())
        let outcome = try await small(fixture)
        let key = try #require(outcome.parts.first?.dataKey)
        let bytes = try await fixture.stored(outcome)
        _ = try await fixture.client.put(key, Array(bytes.dropLast()))
        let plan = try await fixture.restorePlan(outcome)
        let shortened = await #expect(throws: RestoreError.self) {
            try await RestoreEngine().restore(plan)
        }
        #expect(
            shortened?.description == "'\(key)' has \(bytes.count - 1) bytes, the record says \(bytes.count)")
        try await fixture.client.delete(key)
        let missing = await #expect(throws: RestoreError.self) {
            try await RestoreEngine().restore(plan)
        }
        #expect(missing?.description == "'\(key)' is not in the bucket")
        #expect(!FileSystem.exists(fixture.target))
    }

    @Test func `a missing block in the middle is named`() async throws {
        let fixture = try await DumpFixture(server: .shared())
        try shell("head -c 3M /dev/urandom > random", in: fixture.source)
        let storage = StoragePlan(isMultipart: false, blockByteCount: 1 << 20)
        let outcome = try await fixture.dump(fixture.plan(storage: storage))
        let plan = try await fixture.restorePlan(outcome)
        try await fixture.client.delete(fixture.keys.block(file: 1, number: 1))
        let error = await #expect(throws: RestoreError.self) {
            try await RestoreEngine().restore(plan)
        }
        #expect(
            error?.description
                == "'demo/node01/vertica/slot-01f00000001-b0000000000000001.data' is not in the bucket")
    }

    @Test func `a full disk is said with the path`() async throws {
        let fixture = try await DumpFixture(server: .shared())
        let outcome = try await small(fixture, megabytes: 12)
        try shell("mkdir target; mount -t tmpfs -o size=4m tmpfs target", in: fixture.directory.path)
        defer { _ = try? shell("umount target", in: fixture.directory.path) }
        let error = await #expect(throws: RestoreError.self) { try await fixture.restore(outcome) }
        #expect(error?.description.hasPrefix("no space left on the target: ") == true)
        #expect(
            error?.description.contains("tar: ./") == true,
            "\(String(describing: error))")
    }

    @Test func `cut answers are asked for again`() async throws {
        let server = try await LocalS3Server.shared()
        let proxy = try FaultyProxy(to: server.port)
        let fixture = try await DumpFixture(server: server, endpoint: proxy.endpoint)
        let outcome = try await small(fixture)
        proxy.inject(.cutAnswer(after: 1_000_000), method: "GET", target: "mp.data")
        _ = try await fixture.restore(outcome)
        try shell("diff -r source target", in: fixture.directory.path)
    }

    /// `rm -r x y; mkdir y`, as stock Amanda stores it: the new `y` has the number of the old `x`.
    @Test func `an increment that tar cannot unpack says why, not how tar ended`() async throws {
        let fixture = try await DumpFixture(server: .shared())
        try shell(
            """
            mkdir source/x source/y; echo 1 > source/x/1; echo 2 > source/y/2; sleep 0.1
            tar -cf 0.tar -C source --listed-incremental snapshot .; sleep 0.1
            mv source/x source/z; rm -r source/y; mv source/z source/y
            tar -cf 1.tar -C source --listed-incremental snapshot .
            """, in: fixture.directory.path)
        func restore(_ number: UInt32) async throws {
            let bytes = try FileSystem.readAll(fixture.directory.path("\(number - 1).tar"))
            _ = try await fixture.client.put(fixture.keys.data(file: number), bytes)
            var plan = RestorePlan(
                parts: [.init(volume: fixture.reader, fileNumber: number)], isGzipped: false,
                target: fixture.target)
            plan.deletes = number > 1
            _ = try await RestoreEngine().restore(plan)
        }
        try await restore(1)
        let error = await #expect(throws: RestoreError.self) { try await restore(2) }
        let text = error?.description ?? ""
        #expect(text.contains("Cannot rename './x' to './y': Directory not empty\nhint: "), "\(text)")
    }
}
