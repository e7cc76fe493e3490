// SPDX-License-Identifier: Apache-2.0

import AmandaFormat
import Files
import Foundation
import S3
import TestSupport
import Testing

@testable import Dump

@Suite(
    .enabled(if: RequiredTools.areUsable("weed", "bzip2", "xz", "aespipe", "uuencode", "gpg", "setcap")),
    .timeLimit(.minutes(9)))
struct FilterTests {
    /// Turns every byte around: its own inverse, so that the option shows which way it goes.
    private static let rot = """
        case "$*" in ''|--undo) ;; *) echo "what is '$*'?" >&2; exit 3;; esac
        exec tr '\\000-\\377' '\\200-\\377\\000-\\177'
        """

    @Test(
        arguments: LongTests.first(
            1,
            of: [
                DLEDescription.Compression.serverCustom(program: "/usr/bin/pigz"),
                .clientCustom(program: "/usr/bin/bzip2"), .serverCustom(program: "/usr/bin/xz"),
                .clientCustom(program: "/usr/bin/lz4"),
            ], in: "FilterTests"))
    func `compresses with any program, and its own -d reads it`(
        compression: DLEDescription.Compression
    ) async throws {
        let fixture = try await DumpFixture(server: .shared())
        try makeOddTree(in: fixture.source)
        let storage = StoragePlan(blockByteCount: 1 << 20, partByteCount: 6 << 20)
        let (outcome, messages) = try await fixture.roundTrip(
            fixture.filterPlan(compression, storage: storage))
        #expect(messages == [] && outcome.strange == [])
        let program = try #require(
            outcome.header.clientCompressProgram ?? outcome.header.serverCompressProgram)
        try Data(try await fixture.stored(outcome)).write(
            to: URL(fileURLWithPath: fixture.directory.path("data")))
        let count = try shell("\(program) -d < data | wc -c", in: fixture.directory.path)
        #expect(count == "\(outcome.native.byteCount)\n")
        #expect(
            outcome.client == (outcome.header.clientCompressProgram == nil ? outcome.native : outcome.server))
        #expect(outcome.server != outcome.native)
    }

    @Test(
        .long,
        arguments: [nil, DLEDescription.Compression.clientFast, .clientCustom(program: "/usr/bin/bzip2")])
    func `encrypts on the client with any program and any option`(
        compression: DLEDescription.Compression?
    ) async throws {
        let fixture = try await DumpFixture(server: .shared())
        try makeOddTree(in: fixture.source)
        let rot = try fixture.program("rot", Self.rot)
        let (outcome, messages) = try await fixture.roundTrip(
            fixture.filterPlan(compression, .clientCustom(program: rot, decryptOption: "--undo")))
        #expect(messages == [])
        #expect(outcome.client == outcome.server && outcome.server != outcome.native)
        #expect(outcome.header.clientDecryptOption == "--undo" && outcome.header.encryptionSuffix == "enc")
    }

    @Test(
        arguments: LongTests.whole(
            [
                nil, DLEDescription.Compression.clientFast, .serverBest,
                .clientCustom(program: "/usr/bin/bzip2"), .serverCustom(program: "/usr/bin/lz4"),
            ], or: [.clientCustom(program: "/usr/bin/bzip2")],
            leavingOut: "four of the five compressions before amcrypt"))
    func `encrypts on the server with amcrypt, and amcrypt -d reads it`(
        compression: DLEDescription.Compression?
    ) async throws {
        let fixture = try await DumpFixture(server: .shared())
        try makeOddTree(in: fixture.source)
        let amcrypt = try fixture.amcrypt()
        let (outcome, messages) = try await fixture.roundTrip(
            fixture.filterPlan(compression, .serverCustom(program: amcrypt, decryptOption: nil)))
        let bytes = try await fixture.stored(outcome)
        #expect(bytes.starts(with: "bz2aespipe       10020".utf8))
        #expect((bytes.count - 46) % 512 == 0)
        try Data(bytes).write(to: URL(fileURLWithPath: fixture.directory.path("data")))
        try shell("./amcrypt -d < data > plain", in: fixture.directory.path)
        let plain = try FileSystem.readAll(fixture.directory.path("plain"))
        #expect(plain.count == bytes.count - 46)
        switch compression {
        case .serverCustom: #expect(messages.count == 1 && messages[0].contains("the archive is whole"))
        default: #expect(messages == [])
        }
    }

    @Test(.long) func `reads what it wrote without any recorded checksum`() async throws {
        let fixture = try await DumpFixture(server: .shared())
        try makeOddTree(in: fixture.source)
        let amcrypt = try fixture.amcrypt()
        for compression in [nil, DLEDescription.Compression.serverFast] {
            let plan = try fixture.filterPlan(
                compression, .serverCustom(program: amcrypt, decryptOption: "-d"))
            let outcome = try await fixture.dump(plan)
            var restore = try await fixture.filterRestorePlan(outcome, of: plan)
            restore.native = nil
            restore.client = nil
            restore.stored = nil
            let restored = try await RestoreEngine().restore(restore)
            #expect(
                restored.messages == [
                    "no checksum of this dump is recorded: what came back was compared with the store's own of each object"
                ])
            #expect(
                try manifest(of: fixture.target, withXattrs: true)
                    == manifest(of: fixture.source, withXattrs: true))
        }
    }

    @Test func `programs run as the dumpuser, with its home, and without a terminal or our descriptors`()
        async throws
    {
        let fixture = try await DumpFixture(server: .shared())
        try shell("seq 1 1000 > file", in: fixture.source)
        let spy = try fixture.program(
            "spy",
            """
            { id -un; id -Gn | tr ' ' '\\n' | sort | tr '\\n' ' '; echo; echo "$HOME $USER $PWD $LC_ALL"; env | wc -l
              ps -o tty= -p $$ | tr -d ' '; [ "$(ps -o sid= -p $$)" = "$(ps -o pid= -p $$)" ] && echo leads
              ls /proc/self/fd | wc -l; } > \(fixture.directory.path("seen"))
            exec cat
            """)
        let seen = fixture.directory.path("seen")
        try shell("touch seen; chmod 666 seen", in: fixture.directory.path)
        let outcome = try await fixture.dump(
            fixture.filterPlan(nil, .serverCustom(program: spy, decryptOption: "-d")))
        #expect(outcome.isUsable, "\(outcome.status)")
        let lines = String(decoding: try FileSystem.readAll(seen), as: UTF8.self)
            .split(separator: "\n").map(String.init)
        #expect(
            lines == [
                "backup", "backup disk tape ", "\(fixture.directory.path) backup / C", "6", "?", "leads", "4",
            ])
    }

    @Test func `a header names no program that this node does not`() async throws {
        let fixture = try await DumpFixture(server: .shared())
        try shell("seq 1 1000 > file", in: fixture.source)
        let rot = try fixture.program("rot", Self.rot)
        let plan = try fixture.filterPlan(nil, .clientCustom(program: rot, decryptOption: "--undo"))
        let outcome = try await fixture.dump(plan)
        var restore = try await fixture.filterRestorePlan(outcome, of: plan)
        restore.allowedFilters = [FilterCommand(program: rot, undoOption: "-d")]
        let other = await #expect(throws: FilterError.self) { try await fixture.restoreOnly(restore) }
        #expect(other == .notAllowed(program: rot, option: "--undo"))
        restore.allowedFilters = Set(plan.dle.filterCommands)
        restore.filterUser = nil
        let nobody = await #expect(throws: FilterError.self) { try await fixture.restoreOnly(restore) }
        #expect(nobody == .noUser(program: rot))
        restore.filterUser = UserAccount(named: "root")
        let root = await #expect(throws: FilterError.self) { try await fixture.restoreOnly(restore) }
        #expect(root == .asRoot(program: rot))
        #expect(!FileSystem.exists(fixture.target))
    }

    @Test func `a wrong key is no success, and is said`() async throws {
        let fixture = try await DumpFixture(server: .shared())
        try shell("seq 1 100000 > file", in: fixture.source)
        let amcrypt = try fixture.amcrypt()
        let plan = try fixture.filterPlan(.clientFast, .serverCustom(program: amcrypt, decryptOption: "-d"))
        let outcome = try await fixture.dump(plan)
        #expect(outcome.isUsable, "\(outcome.status)")
        try shell("rm -rf .gnupg .am_passphrase", in: fixture.directory.path)
        _ = try fixture.amcrypt()
        let restore = try await fixture.filterRestorePlan(outcome, of: plan)
        let error = await #expect(throws: (any Error).self) { try await fixture.restoreOnly(restore) }
        #expect(
            error.map { "\($0)" }?.hasSuffix(
                "hint: bring the key and passphrase back that the dump was made with.") == true,
            "\(String(describing: error))")
    }
}

extension DumpFixture {
    func restoreOnly(_ plan: RestorePlan) async throws -> RestoreOutcome {
        try await RestoreEngine().restore(plan)
    }
}
