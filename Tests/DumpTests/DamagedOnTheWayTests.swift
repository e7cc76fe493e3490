// SPDX-License-Identifier: Apache-2.0

import AmandaFormat
import BlockingWork
import Files
import S3
import TestSupport
import Testing
import Volumes

@testable import Dump

/// Restores over a way that turns bits, and from a store whose object is damaged.
@Suite(
    .enabled(if: RequiredTools.areUsable("weed", "zstd", "bzip2", "openssl", "aespipe", "gpg", "uuencode")),
    .timeLimit(.minutes(5)))
struct DamagedOnTheWayTests {
    /// How a dump was made.
    enum Kind: CaseIterable, CustomTestStringConvertible {
        case gzip, best, zstd, plain, clientProgram, serverProgram, encrypted, nativelyEncrypted, stock

        var testDescription: String { "\(self)" }

        /// Whether what does not fit is seen before tar has it.
        var hasMembers: Bool { [.gzip, .best, .zstd].contains(self) }

        func plan(_ fixture: DumpFixture, _ storage: StoragePlan) throws -> DumpPlan {
            switch self {
            case .gzip: try fixture.filterPlan(.clientFast, storage: storage)
            case .best: try fixture.filterPlan(.serverBest, storage: storage)
            case .zstd: try fixture.filterPlan(.serverCustom(program: "/usr/bin/zstd"), storage: storage)
            case .plain, .stock: try fixture.filterPlan(nil, storage: storage)
            case .clientProgram:
                try fixture.filterPlan(.clientCustom(program: "/usr/bin/bzip2"), storage: storage)
            case .serverProgram:
                try fixture.filterPlan(.serverCustom(program: "/usr/bin/bzip2"), storage: storage)
            case .encrypted:
                try fixture.filterPlan(
                    .clientFast, .serverCustom(program: fixture.amcrypt(), decryptOption: "-d"),
                    storage: storage)
            case .nativelyEncrypted:
                try fixture.filterPlan(
                    nil, .clientCustom(program: fixture.amcryptOSSL(), decryptOption: "-d"), storage: storage)
            }
        }
    }

    private static let layout = StoragePlan(
        blockByteCount: 5 << 20, partByteCount: 2 << 20, uploadThreadCount: 2)

    /// A dump of three parts behind a proxy, and how it is restored.
    private struct Made {
        let fixture: DumpFixture
        let proxy: FaultyProxy
        let kind: Kind
        let plan: DumpPlan
        let outcome: DumpOutcome

        init(_ kind: Kind) async throws {
            let server = try await LocalS3Server.shared()
            proxy = try FaultyProxy(to: server.port)
            fixture = try await DumpFixture(server: server, endpoint: proxy.endpoint)
            self.kind = kind
            try shell("head -c 4M /dev/urandom > random; seq 1 30000 > text", in: fixture.source)
            plan = try kind.plan(fixture, DamagedOnTheWayTests.layout)
            outcome = try await fixture.dump(plan)
            try #require(outcome.isUsable && outcome.parts.count > 1, "\(outcome.status)")
        }

        /// Through ranges of 200,000 bytes. A second time begins with an empty target.
        func restore() async throws -> RestoreOutcome {
            var restore = try await fixture.filterRestorePlan(outcome, of: plan)
            restore.fetchByteCount = 200_000
            if kind == .stock { try await forgetChecksums(&restore) }
            let target = fixture.target
            try FileSystem.removeTree(target)
            return try await RestoreEngine().restore(restore) { plan in
                try FileSystem.removeTree(target)
                return plan
            }
        }

        /// As of a dump that stock Amanda wrote straight to a store that keeps no checksum of whole objects.
        private func forgetChecksums(_ plan: inout RestorePlan) async throws {
            (plan.native, plan.client, plan.stored) = (nil, nil, nil)
            for index in plan.parts.indices {
                let found = try await plan.parts[index].volume.files([plan.parts[index].fileNumber])
                plan.parts[index].found = found.first.map { FoundFile(stored: $0.stored) }
            }
        }

        func requireSame() throws {
            #expect(
                try manifest(of: fixture.target, withXattrs: false)
                    == manifest(of: fixture.source, withXattrs: false))
        }
    }

    @Test(
        arguments: LongTests.whole(
            Kind.allCases, or: [.gzip, .plain, .encrypted],
            leavingOut: "further kinds of DamagedOnTheWayTests"))
    func `what turned on its way is read again, what is damaged in the store is named`(
        kind: Kind
    ) async throws {
        let made = try await Made(kind)
        try await onceOnItsWay(made)
        try await oftenOnItsWay(made)
        if kind != .stock { try await inTheStore(made) }
    }

    private func onceOnItsWay(_ made: Made) async throws {
        made.proxy.inject(.flipAnswerSomewhere, method: "GET", target: "f00000002-mp.data", skip: 3)
        let outcome = try await made.restore()
        try made.requireSame()
        let key = try #require(made.outcome.parts[1].dataKey)
        let count = made.outcome.parts.count
        let notes = outcome.messages.filter {
            $0.contains(", arrived damaged once: fetched again on a new connection")
        }
        #expect(
            notes.count == 1 && notes.first?.hasPrefix("'\(key)' (part 2 of \(count)), bytes ") == true,
            "\(outcome.messages)")
        let isSecond = outcome.messages.contains("it was unpacked a second time, from its beginning")
        #expect(isSecond == !(made.kind.hasMembers || made.kind == .stock), "\(outcome.messages)")
        #expect(outcome.native == made.outcome.native)
    }

    private func oftenOnItsWay(_ made: Made) async throws {
        made.proxy.inject(.flipAnswerSomewhere, method: "GET", times: 1_000, every: 5)
        let outcome = try await made.restore()
        try made.requireSame()
        #expect(made.proxy.flipCount > 3 && outcome.messages.contains { $0.contains("arrived damaged") })
        made.proxy.clear()
    }

    private func inTheStore(_ made: Made) async throws {
        let key = try #require(made.outcome.parts[1].dataKey)
        var bytes = try await made.fixture.client.get(key, limit: 16 << 20).bytes
        bytes[bytes.count / 2 + 5_000] ^= 1
        _ = try await made.fixture.client.put(key, bytes)
        let before = made.proxy.requests.count
        let error = await #expect(throws: (any Error).self) { try await made.restore() }
        let text = error.map { "\($0)" } ?? ""
        #expect(
            text.contains("the same bytes came twice") && text.contains("damaged in the store"), "\(text)")
        if made.kind.hasMembers { #expect(text.contains("'\(key)' (part 2 of "), "\(text)") }
        #expect((error as? any Fault)?.kind == .damaged)
        // It is said only when it has been read again.
        let asked = made.proxy.requests.dropFirst(before).filter { $0.hasPrefix("GET") && $0.contains(key) }
        #expect(asked.count > (bytes.count + 199_999) / 200_000)
    }

    @Test(.long, arguments: [Kind.gzip, .plain, .encrypted])
    func `what comes otherwise each time is no fault of the store's`(kind: Kind) async throws {
        let made = try await Made(kind)
        made.proxy.inject(.flipAnswerSomewhere, method: "GET", target: "-mp.data", times: 10_000)
        let error = await #expect(throws: RestoreError.self) { try await made.restore() }
        let text = "\(String(describing: error))"
        #expect(text.contains(", came otherwise each of 8 times, on as many connections"), "\(text)")
        #expect(error?.kind == .failed)
    }

    /// One gzip stream without members, as stock Amanda writes it: its checksum comes at the end.
    @Test func `a single gzip stream that changed on its way is unpacked a second time`() async throws {
        let server = try await LocalS3Server.shared()
        let proxy = try FaultyProxy(to: server.port)
        let fixture = try await DumpFixture(server: server, endpoint: proxy.endpoint)
        try shell(
            """
            head -c 2M /dev/urandom > source/random; seq 1 20000 > source/text
            tar -C source -cf - . | gzip -1 > data.gz
            """, in: fixture.directory.path)
        _ = try await fixture.client.put(
            fixture.keys.data(file: 1), try FileSystem.readAll(fixture.directory.path("data.gz")))
        func restore() async throws -> RestoreOutcome {
            var plan = RestorePlan(
                parts: [.init(volume: fixture.reader, fileNumber: 1)], isGzipped: true, target: fixture.target
            )
            plan.fetchByteCount = 150_000
            return try await RestoreEngine().restore(plan) { plan in
                try FileSystem.removeTree(fixture.target)
                return plan
            }
        }
        for skipped in [0, 4, 9] {
            proxy.clear()
            proxy.inject(.flipAnswerSomewhere, method: "GET", target: "mp.data", skip: skipped)
            let outcome = try await restore()
            try shell("diff -r source target; rm -r target", in: fixture.directory.path)
            #expect(outcome.messages.contains { $0.contains("arrived damaged once") }, "\(outcome.messages)")
        }
    }

    /// Every byte of a member's header, where a turned bit makes it look foreign, longer or shorter.
    @Test(arguments: LongTests.first(1, of: [Kind.gzip, .zstd], in: "DamagedOnTheWayTests"))
    func `a member whose header changed on its way is read again`(kind: Kind) async throws {
        let made = try await Made(kind)
        for place in 0..<20 {
            made.proxy.clear()
            made.proxy.inject(.flipAnswer(at: place), method: "GET", target: "f00000002-mp.data")
            let outcome = try await made.restore()
            try made.requireSame()
            try FileSystem.removeTree(made.fixture.target)
            #expect(outcome.native == made.outcome.native && made.proxy.flipCount == place + 1)
        }
    }

    @Test func `a header that changed on its way is read again`() async throws {
        let made = try await Made(.plain)
        for place in [0, 10, 60, 200] {
            made.proxy.inject(.flipAnswer(at: place), method: "GET", target: "-filestart")
            #expect(try await made.fixture.reader.header(ofFile: 1) == made.outcome.header.with(part: 1))
        }
        #expect(made.proxy.flipCount == 4)
    }
}

extension DumpHeader {
    fileprivate func with(part: Int) -> DumpHeader {
        var header = self
        header.part = .init(number: part)
        return header
    }
}
