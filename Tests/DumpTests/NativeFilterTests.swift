// SPDX-License-Identifier: Apache-2.0

import AmandaFormat
import Files
import Foundation
import S3
import TestSupport
import Testing

@testable import Dump

/// zstd and `amcrypt-ossl` by ourselves, with the real programs reading what we write and writing what we read.
@Suite(
    .enabled(
        if: RequiredTools.areUsable("weed", "zstd", "pzstd", "openssl", "perl", "aespipe", "uuencode", "gpg")),
    .timeLimit(.minutes(5)))
struct NativeFilterTests {
    private func write(_ bytes: [UInt8], _ name: String, in fixture: DumpFixture) throws {
        try Data(bytes).write(to: URL(fileURLWithPath: fixture.directory.path(name)))
    }

    @Test(arguments: [
        DLEDescription.Compression.clientCustom(program: "/usr/bin/zstd"),
        .serverCustom(program: "/usr/bin/zstd"), .serverCustom(program: "/no/such/pzstd"),
    ])
    func `zstd's dumps are cut where zstd can begin, and zstd -d reads each part alone`(
        compression: DLEDescription.Compression
    ) async throws {
        let fixture = try await DumpFixture(server: .shared())
        try makeOddTree(in: fixture.source, megabytes: 15)
        let storage = StoragePlan(blockByteCount: 1 << 20, partByteCount: 6 << 20, uploadThreadCount: 2)
        var plan = try fixture.filterPlan(compression, storage: storage)
        plan.filterUser = nil
        let (outcome, messages) = try await fixture.roundTrip(plan)
        #expect(messages == [] && outcome.parts.count >= 3)
        #expect(outcome.header.compressionSuffix == "cust")
        var byteCount = 0
        for part in outcome.parts {
            let bytes = try await fixture.client.get(try #require(part.dataKey), limit: 64 << 20).bytes
            try write(bytes, "part.zst", in: fixture)
            let count = try shell(
                "zstd -dc < part.zst | wc -c; zstd -qt part.zst", in: fixture.directory.path)
            byteCount += Int(count.split(separator: "\n").first ?? "") ?? 0
        }
        #expect(byteCount == Int(outcome.native.byteCount))
        try write(try await fixture.stored(outcome), "all.zst", in: fixture)
        let count = try shell("pzstd -dc < all.zst | wc -c", in: fixture.directory.path)
        #expect(count == "\(outcome.native.byteCount)\n")
    }

    @Test(.long, arguments: ["zstd -c", "zstd -19 -T2 -c", "pzstd -c", "zstd -c --no-check"])
    func `reads what zstd wrote, cut anywhere`(command: String) async throws {
        let fixture = try await DumpFixture(server: .shared())
        try makeOddTree(in: fixture.source)
        let outcome = try await fixture.dump(fixture.filterPlan(.serverCustom(program: "/usr/bin/zstd")))
        try write(try await fixture.stored(outcome), "ours.zst", in: fixture)
        try shell(
            "zstd -dc < ours.zst | \(command) > theirs.zst; split -a 3 -d -b 1000001 theirs.zst piece.",
            in: fixture.directory.path)
        var parts: [RestorePlan.Part] = []
        for name in try FileSystem.list(fixture.directory.path).filter({ $0.hasPrefix("piece.") }).sorted() {
            let number = UInt32(parts.count + 10)
            let bytes = try FileSystem.readAll(fixture.directory.path(name))
            _ = try await fixture.client.put(fixture.keys.data(file: number), bytes)
            parts.append(.init(volume: fixture.reader, fileNumber: number))
        }
        var plan = try await fixture.restorePlan(outcome)
        plan.parts = parts
        plan.stored = nil
        let restored = try await fixture.restoreOnly(plan)
        #expect(restored.native == outcome.native)
        #expect(
            try manifest(of: fixture.target, withXattrs: true)
                == manifest(of: fixture.source, withXattrs: true))
    }

    @Test(
        arguments: LongTests.first(
            3,
            of: [
                DLEDescription.Compression.clientFast, nil, .clientCustom(program: "/usr/bin/zstd"),
                .serverBest, .serverCustom(program: "/usr/bin/zstd"),
                .serverCustom(program: "/usr/bin/bzip2"),
            ], in: "NativeFilterTests"))
    func `encrypts as amcrypt-ossl, whose -d reads it, and reads what that wrote`(
        compression: DLEDescription.Compression?
    ) async throws {
        let fixture = try await DumpFixture(server: .shared())
        try makeOddTree(in: fixture.source)
        let program = try fixture.amcryptOSSL()
        let plan = try fixture.filterPlan(compression, .serverCustom(program: program, decryptOption: nil))
        let (outcome, messages) = try await fixture.roundTrip(plan)
        #expect(outcome.strange == [] && outcome.notes == [])
        let isTalkative = compression == .serverCustom(program: "/usr/bin/bzip2")
        #expect(
            messages.count == (isTalkative ? 1 : 0),
            "bzip2 remarks on the zeros behind its stream: \(messages)")
        let bytes = try await fixture.stored(outcome)
        #expect(bytes.starts(with: "Salted__".utf8) && (bytes.count - 16) % 96 == 0)
        try write(bytes, "data", in: fixture)
        let undo =
            switch compression {
            case nil: "cat"
            case .clientCustom(let program), .serverCustom(let program): "\(program) -d"
            default: "gzip -dc"
            }
        // Padding follows the archive, and whoever writes it may find that head is gone: the count is what is proved.
        let count = try shell(
            "(./amcrypt-ossl -d < data | \(undo) || true) 2>/dev/null | head -c \(outcome.native.byteCount) | wc -c",
            in: fixture.directory.path)
        #expect(count == "\(outcome.native.byteCount)\n")
        // The same archive, encrypted by the program itself.
        try shell(
            "./amcrypt-ossl -d < data 2>/dev/null | ./amcrypt-ossl 2>/dev/null > theirs",
            in: fixture.directory.path)
        _ = try await fixture.client.put(
            fixture.keys.data(file: 1), try FileSystem.readAll(fixture.directory.path("theirs")))
        var restore = try await fixture.filterRestorePlan(outcome, of: plan)
        restore.parts[0].byteCount = nil
        restore.stored = nil
        #expect(try await fixture.restoreOnly(restore).native == outcome.native)
    }

    @Test(.long) func `reads a dump whose key was made with MD5, and says so`() async throws {
        let fixture = try await DumpFixture(server: .shared())
        try makeOddTree(in: fixture.source)
        let program = try fixture.amcryptOSSL()
        for compression in [
            nil, DLEDescription.Compression.serverFast, .clientCustom(program: "/usr/bin/zstd"),
        ] {
            let plan = try fixture.filterPlan(
                compression, .serverCustom(program: program, decryptOption: nil))
            let outcome = try await fixture.dump(plan)
            try write(try await fixture.stored(outcome), "data", in: fixture)
            try shell(
                """
                ./amcrypt-ossl -d < data 2>/dev/null > plain
                openssl enc -e -aes-256-cbc -md md5 -nopad -salt -pass file:.am_passphrase < plain > old 2>/dev/null
                """, in: fixture.directory.path)
            _ = try await fixture.client.put(
                fixture.keys.data(file: 1), try FileSystem.readAll(fixture.directory.path("old")))
            var restore = try await fixture.filterRestorePlan(outcome, of: plan)
            restore.parts[0].byteCount = nil
            restore.stored = nil
            let restored = try await fixture.restoreOnly(restore)
            #expect(restored.native == outcome.native)
            #expect(
                restored.messages.count == 1 && restored.messages[0].hasPrefix("its key was made with MD5"))
        }
    }

    @Test func `a script that was changed runs itself, both ways`() async throws {
        let fixture = try await DumpFixture(server: .shared())
        try makeOddTree(in: fixture.source)
        let program = try fixture.amcryptOSSL()
        try shell(
            "sed -i 's/^CIPHER=aes-256-cbc/CIPHER=aes-128-cbc/' amcrypt-ossl", in: fixture.directory.path)
        let plan = try fixture.filterPlan(.clientFast, .serverCustom(program: program, decryptOption: "-d"))
        let (outcome, _) = try await fixture.roundTrip(plan)
        #expect(outcome.notes == ["'\(program)' does not read what it makes as delivered: it runs itself"])
        try shell(
            "sed -i 's/^CIPHER=aes-128-cbc/CIPHER=aes-256-cbc/' amcrypt-ossl", in: fixture.directory.path)
        let restore = try await fixture.filterRestorePlan(outcome, of: plan)
        let error = await #expect(throws: FilterError.self) { try await fixture.restoreOnly(restore) }
        #expect(
            error?.description.hasSuffix("the passphrase is not the one of that time") == true,
            "\(String(describing: error))")
    }

    @Test func `a script whose passphrase lies elsewhere runs itself, and the usual one is not asked for`()
        async throws
    {
        let fixture = try await DumpFixture(server: .shared())
        try shell("seq 1 1000 > file", in: fixture.source)
        let program = try fixture.amcryptOSSL()
        try shell(
            "mv .am_passphrase elsewhere; sed -i \"s|^PASSPHRASE=.*|PASSPHRASE=$PWD/elsewhere|\" amcrypt-ossl",
            in: fixture.directory.path)
        let plan = try fixture.filterPlan(nil, .serverCustom(program: program, decryptOption: "-d"))
        #expect(plan.dle.filterFaults(runningAs: try fixture.dumpuser()) == [])
        let (outcome, _) = try await fixture.roundTrip(plan)
        #expect(outcome.notes == ["'\(program)' does not read what it makes as delivered: it runs itself"])
    }

    @Test func `without a passphrase nothing is dumped and nothing restored`() async throws {
        let fixture = try await DumpFixture(server: .shared())
        try shell("seq 1 1000 > file", in: fixture.source)
        let program = try fixture.amcryptOSSL()
        let plan = try fixture.filterPlan(nil, .serverCustom(program: program, decryptOption: nil))
        let outcome = try await fixture.dump(plan)
        #expect(outcome.isUsable, "\(outcome.status)")
        try shell("rm .am_passphrase", in: fixture.directory.path)
        let path = fixture.directory.path(".am_passphrase")
        let refused = try await fixture.dump(plan)
        #expect(
            refused.failureText?.hasPrefix("the passphrase in '\(path)' cannot be used: it does not exist\n")
                == true)
        let restore = try await fixture.filterRestorePlan(outcome, of: plan)
        let error = await #expect(throws: FilterError.self) { try await fixture.restoreOnly(restore) }
        #expect(error == .noPassphrase(path: path, reason: "it does not exist"))
        // The restore itself may bring it.
        #expect(throws: Never.self) { try restore.check(requiresKeys: false) }
        try shell("echo wrong > .am_passphrase", in: fixture.directory.path)
        let wrong = await #expect(throws: FilterError.self) { try await fixture.restoreOnly(restore) }
        #expect(wrong?.description.contains("the passphrase is not the one of that time") == true)
    }

    @Test func `what a package brings and is not there is missed before any configuration is`() throws {
        let programs = FilterCommand.builtIn.map(\.program).sorted()
        let missing = try #require(programs.first { !FileSystem.exists($0) })
        var plan = RestorePlan(parts: [], isGzipped: false, target: "/target")
        plan.filterUser = UserAccount(named: "backup")
        plan.filters.server = [.compression(program: missing)]
        #expect(throws: FilterError.missing(program: missing)) { try plan.checkPackagedPrograms() }
        // The self-backup may bring it.
        plan.filters.server = [.compression(program: "/etc/amanda/bin/own")]
        #expect(throws: Never.self) { try plan.checkPackagedPrograms() }
    }

    @Test func `zstd behind amcrypt ends without padding, so that zstd -d is content`() async throws {
        let fixture = try await DumpFixture(server: .shared())
        try makeOddTree(in: fixture.source)
        let amcrypt = try fixture.amcrypt()
        let plan = try fixture.filterPlan(
            .serverCustom(program: "/usr/bin/zstd"), .serverCustom(program: amcrypt, decryptOption: "-d"))
        let (outcome, messages) = try await fixture.roundTrip(plan)
        #expect(messages == [])
        try write(try await fixture.stored(outcome), "data", in: fixture)
        let count = try shell("./amcrypt -d < data | zstd -d | wc -c", in: fixture.directory.path)
        #expect(count == "\(outcome.native.byteCount)\n")
    }

    @Test func `a flipped bit in a zstd dump never reaches tar and names the object`() async throws {
        let fixture = try await DumpFixture(server: .shared())
        try shell("head -c 3M /dev/urandom > random; seq 1 300000 > text", in: fixture.source)
        let outcome = try await fixture.dump(fixture.filterPlan(.clientCustom(program: "/usr/bin/zstd")))
        let key = try #require(outcome.parts.first?.dataKey)
        var bytes = try await fixture.stored(outcome)
        bytes[bytes.count / 2] ^= 1
        _ = try await fixture.client.put(key, bytes)
        let error = await #expect(throws: RestoreError.self) { try await fixture.restore(outcome) }
        #expect(error?.description.contains("'\(key)' is damaged in the store near byte") == true)
    }
}
