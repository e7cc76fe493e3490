// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import AmandaFormat
import Digest
import Foundation
import S3
import TestSupport
import Testing

@testable import Coordinator

/// What a store says beside an object's name, and a length alone does not. The store is real; a proxy says what only AWS does.
@Suite(.enabled(if: RequiredTools.areUsable("weed")), .timeLimit(.minutes(2)))
struct FoundObjectsTests {
    private let fixture: StoreFixture
    private let proxy: FaultyProxy
    private let keys = ObjectKeys(slotPrefix: "demo/node01/vertica/slot-01")
    private let data: [[UInt8]] = [Array("the first part of a dump".utf8), Array("and the second".utf8)]

    init() async throws {
        (fixture, proxy) = try await StoreFixture.weedBehindProxy()
        let label = VolumeHeader(datestamp: Sample.run, label: "vertica-01")
        _ = try await fixture.bucket.client.put(keys.volumeLabel, label.bytes)
        for (number, bytes) in zip(UInt32(1)..., data) {
            _ = try await fixture.bucket.client.put(keys.header(file: number), [1])
            _ = try await fixture.bucket.client.put(keys.data(file: number), bytes)
        }
    }

    /// One dump in two parts, with the checksum of both together.
    private var record: NodeRecord {
        var dump = Sample.dump()
        var sum = CRC32C()
        for bytes in data { sum.update(bytes) }
        dump.server = .init(
            crc32c: String(String(UInt64(sum.value) + (1 << 32), radix: 16).dropFirst()),
            byteCount: Int64(data.joined().count))
        dump.parts = data.enumerated().map { index, bytes in
            DumpPart(
                label: "vertica-01", fileNumber: index + 1, headerKey: "h", dataKey: "d",
                byteCount: Int64(bytes.count), proof: .checksum)
        }
        var record = Sample.record(dumps: [dump], configurations: [Sample.asked[0]])
        record.configurations[0].volumes = [
            VolumeRecord(
                label: "vertica-01", bucket: fixture.bucket.bucket, prefix: "demo/node01/vertica/slot-01")
        ]
        return record
    }

    private func judged(
        _ record: NodeRecord? = nil, thaws: [String]? = nil
    ) async -> ProvenRestorability {
        let judge = VolumeJudge(fixture.bucket) { record, _ in
            var word = NodeRestorability(node: record.node, run: record.run, .restorable)
            word.thaws = thaws
            return word
        }
        return await judge.provenRestorability(of: record ?? self.record)
    }

    @Test func `other bytes of the same length are not what was stored`() async throws {
        #expect(await judged().restorability == .restorable)
        _ = try await fixture.bucket.client.put(keys.data(file: 2), Array("and the secund".utf8))
        guard case .damaged(let reason) = await judged().restorability else {
            Issue.record("it passes for whole")
            return
        }
        #expect(
            reason.hasPrefix(
                "level 0 of '/data' of run \(Sample.run), on volume 'vertica-01': what lies there is not what was stored: "
                    + "its CRC-32C is "), "\(reason)")
        #expect(reason.hasSuffix(", the record says \(record.configurations[0].dumps[0].server.crc32c)"))
    }

    @Test func `a checksum that the store does not keep, or nobody recorded, speaks against nothing`()
        async throws
    {
        proxy.inject(
            .changeHeader("x-amz-checksum-crc32c") { _ in nil }, method: "HEAD",
            target: keys.data(file: 2), times: 9)
        _ = try await fixture.bucket.client.put(keys.data(file: 2), Array("and the secund".utf8))
        #expect(await judged().restorability == .restorable)
        proxy.clear()
        var unknown = record
        unknown.configurations[0].dumps[0].server.crc32c = "00000000"
        #expect(await judged(unknown).restorability == .restorable)
    }

    /// Old logs of stock Amanda's round lengths to KiB: only the whole is known.
    @Test func `of a base whose files have no recorded length the whole one counts`() async throws {
        var record = self.record
        let full = record.configurations[0].dumps[0]
        record.configurations[0].dumps[0].level = 1
        record.configurations[0].dumps[0].parts = [full.parts[0]]
        record.configurations[0].dumps[0].server = .init()
        record.configurations[0].dumps[0].bases = [
            DumpBaseRecord(
                run: Sample.run, writtenRun: Sample.run, level: 0, server: full.server,
                volumes: record.configurations[0].volumes,
                parts: full.parts.map {
                    PartPlace(label: $0.label, fileNumber: $0.fileNumber, byteCount: nil)
                }
            )
        ]
        #expect(await judged(record).restorability == .restorable)
        _ = try await fixture.bucket.client.put(keys.data(file: 2), [])
        #expect(
            await judged(record).restorability
                == .damaged(
                    "level 0 of '/data' of run \(Sample.run), on volume 'vertica-01': its data have 24 bytes, the record says 38"
                ))
    }

    @Test func `a base of which a part lies in another bucket is not judged by the rest`() async throws {
        var record = self.record
        let full = record.configurations[0].dumps[0]
        let elsewhere = VolumeRecord(label: "vertica-02", bucket: "another", prefix: "vertica/slot-02")
        record.configurations[0].dumps[0].level = 1
        record.configurations[0].dumps[0].parts = [full.parts[0]]
        record.configurations[0].dumps[0].server = .init()
        record.configurations[0].dumps[0].bases = [
            DumpBaseRecord(
                run: Sample.run, writtenRun: Sample.run, level: 0, server: full.server,
                volumes: record.configurations[0].volumes + [elsewhere],
                parts: [
                    PartPlace(label: "vertica-01", fileNumber: 1, byteCount: nil),
                    PartPlace(label: "vertica-02", fileNumber: 1, byteCount: nil),
                ])
        ]
        #expect(await judged(record).restorability == .restorable)
    }

    @Test func `what lies in the archive is refused, unless record or node lets it be thawed`() async throws {
        func archive(_ storageClass: String) {
            proxy.clear()
            proxy.inject(
                .addHeader("x-amz-storage-class: \(storageClass)"), method: "HEAD",
                target: keys.data(file: 2), times: 99)
        }
        archive("GLACIER")
        guard case .refused(let reason) = await judged().restorability else {
            Issue.record("it passes for restorable")
            return
        }
        #expect(
            reason.contains(
                "'\(keys.data(file: 2))' in bucket '\(fixture.bucket.bucket)' is in the archive (GLACIER)")
                && reason.contains("READ-FROM-GLACIER"), "\(reason)")
        let byNode = await judged(thaws: ["vertica"])
        #expect(byNode.restorability == .restorable)
        #expect(
            byNode.wait
                == "a restore waits for 1 object (14 B) in the archive, as a rule 3 h 00 min to 5 h 00 min")
        var record = self.record
        record.configurations[0].readsFromGlacier = true
        #expect(await judged(record).wait != nil)
        #expect(await judged(thaws: ["other"]).restorability != .restorable)
        // It is read like any other object.
        archive("GLACIER_IR")
        let instant = await judged()
        #expect(instant.restorability == .restorable && instant.wait == nil)
    }

    @Test func `what the bucket's lifecycle is about to delete is told, the nearer the graver`() async throws
    {
        func findings(inDays days: Double) async throws -> [Finding] {
            let now = Date(timeIntervalSince1970: 1_795_392_000)
            let date = Date(timeIntervalSince1970: 1_795_392_000 + days * 86_400)
            let format = DateFormatter()
            (format.locale, format.timeZone) = (Locale(identifier: "en_US_POSIX"), .gmt)
            format.dateFormat = "EEE, dd MMM yyyy HH:mm:ss 'GMT'"
            proxy.clear()
            proxy.inject(
                .addHeader(
                    "x-amz-expiration: expiry-date=\"\(format.string(from: date))\", rule-id=\"tidy\""),
                method: "HEAD", target: "f0000000", times: 99)
            try await fixture.bucket.client.putRecord(record, fixture.bucket.layout)
            let outlook = try await RunOutlook(
                Sample.manifest([Sample.verdict("node01", .complete)], .complete), bucket: fixture.bucket,
                volumes: fixture.volumes, provesObjects: true)
            #expect(outlook.byNode["node01"] == .restorable)
            return NewestSetJudgement.findings(Sample.run, outlook, now: now)
        }
        #expect(try await findings(inDays: 20).isEmpty)
        let far = try await findings(inDays: 10)
        #expect(far.map(\.weight) == [.remark])
        #expect(
            far.first?.what.hasPrefix(
                "run \(Sample.run): the bucket's lifecycle deletes 'demo/node01/vertica/slot-01f")
                == true && far.first?.what.contains(" and 1 more by its rule 'tidy', from ") == true,
            "\(far)")
        #expect(try await findings(inDays: 2).map(\.weight) == [.problem])
    }

    @Test func `another node's record in the place of one is damage, and not that node's data`() async throws
    {
        let manifest = Sample.manifest([Sample.verdict("node02", .complete)], .complete)
        let key = fixture.bucket.layout.nodeRecord(Sample.run, node: "node02")
        _ = try await fixture.bucket.client.put(key, WireJSON.document(record))
        let outlook = try await RunOutlook(
            manifest, bucket: fixture.bucket, volumes: fixture.volumes, provesObjects: true)
        #expect(
            outlook.byNode["node02"]
                == .damaged("'\(key)' is the record of run \(Sample.run) of node 'node01'"))
        await #expect(throws: ForeignRecord.self) {
            try await fixture.bucket.nodeRecord(Sample.run, node: "node02")
        }
    }
}

extension S3Client {
    fileprivate func putRecord(_ record: NodeRecord, _ layout: BucketLayout) async throws {
        _ = try await put(layout.nodeRecord(record.run, node: record.node), WireJSON.document(record))
    }
}
