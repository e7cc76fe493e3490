// SPDX-License-Identifier: Apache-2.0

import AmandaFormat
import Dump
import Files
import Foundation
import S3
import TestSupport
import Testing

/// Programs that fail, hang, lie or die: none of them ever makes a dump that counts.
@Suite(.enabled(if: RequiredTools.areUsable("weed")), .timeLimit(.minutes(5)))
struct MisbehavingFilterTests {
    /// The failure of a dump of 8 MiB by a program that behaves at first: so long as `sound` is there, it is `cat`.
    private func failure(
        _ script: String, name: String = "crypt", sound: String = "exec cat", kind: Kind = .encryption,
        stallLimit: Duration = .seconds(1800), tried: Bool = true
    ) async throws -> String {
        let fixture = try await DumpFixture(server: .shared())
        try shell("head -c 8M /dev/urandom > random", in: fixture.source)
        let count = fixture.directory.path("calls")
        // The trial before the dump calls it twice; the third call is the dump's.
        let program = try fixture.program(
            name,
            """
            echo x >> \(count)
            if [ $(wc -l < \(count)) -le \(tried ? 2 : 0) ]; then \(sound); fi
            \(script)
            """)
        try shell("touch calls; chmod 666 calls", in: fixture.directory.path)
        var plan =
            switch kind {
            case .encryption:
                try fixture.filterPlan(nil, .serverCustom(program: program, decryptOption: "-d"))
            case .compression: try fixture.filterPlan(.clientCustom(program: program))
            }
        plan.stallLimit = stallLimit
        let outcome = try await fixture.dump(plan)
        #expect(!outcome.isUsable)
        #expect(fixture.journal.pending().isEmpty)
        #expect(try FileSystem.list(fixture.snapshots) == [])
        let data = try await fixture.listedKeys().filter { $0.hasSuffix("-mp.data") }
        #expect(data == [])
        return (outcome.failureText ?? "\(outcome.status)").replacing(program, with: "PROG")
    }

    enum Kind: Sendable { case compression, encryption }

    @Test(arguments: [
        ("cat; echo 'no key' >&2; exit 1", "it exited with status 1: no key"),
        ("cat > /dev/null; exit 0", "it exited with status 0 and wrote nothing"),
        (
            "cat > /dev/null; echo 'gpg: skipped' >&2; exit 0",
            "it exited with status 0 and wrote nothing: gpg: skipped"
        ),
        ("exit 0", "it exited with status 0 before the end of its input"),
        ("echo 'no such key' >&2; exit 2", "it exited with status 2: no such key"),
        ("head -c 3000000; kill -9 $$", "it was killed by signal 9"),
        ("head -c 3000000", "it exited with status 0 before the end of its input"),
        ("exec 0<&-; sleep 600", "it closed a pipe before the end of its input"),
    ])
    func `a program that fails in the middle fails the dump`(script: String, what: String) async throws {
        #expect(try await failure(script) == "'PROG' failed to encrypt: \(what)")
        #expect(
            try await failure(script, kind: .compression) == "'PROG' failed to compress: \(what)")
    }

    @Test(
        arguments: LongTests.first(
            3,
            of: [
                ("setsid sleep 600; sleep 600", "it neither gave nor took a byte for 6.0 seconds"),
                ("cat; exec 1>&-; exec sleep 600", "it did not end within 6.0 seconds after its last byte"),
                ("exec sleep 600", "it neither gave nor took a byte for 6.0 seconds"),
                ("head -c 3000000; exec sleep 600", "it neither gave nor took a byte for 6.0 seconds"),
                ("cat; exec sleep 600", "it neither gave nor took a byte for 6.0 seconds"),
                ("trap '' TERM; sleep 600; sleep 600", "it neither gave nor took a byte for 6.0 seconds"),
            ], in: "MisbehavingFilterTests"))
    func `a program that hangs fails the dump`(script: String, what: String) async throws {
        let started = ContinuousClock.now
        #expect(
            try await failure(script, stallLimit: .seconds(6)) == "'PROG' failed to encrypt: \(what)")
        #expect(ContinuousClock.now - started < .seconds(120))
    }

    @Test func `amcrypt is judged by its bytes, because its status says nothing`() async throws {
        let sound =
            "case $1 in -d) tail -c +47;; *) printf bz2aespipe; head -c 36 /dev/zero; cat; head -c 143 /dev/zero;; esac; exit 0"
        #expect(
            try await failure("cat; exit 0", name: "amcrypt", sound: sound)
                == "'PROG' failed to encrypt: what it wrote does not begin as amcrypt's output does")
        #expect(
            try await failure(
                "printf bz2aespipe; head -c 36 /dev/zero; cat > /dev/null; exit 0", name: "amcrypt",
                sound: sound
            ).hasPrefix("'PROG' failed to encrypt: it exited with status 0 and wrote 46 bytes instead of 8"))
        #expect(
            try await failure(
                "printf bz2aespipe; head -c 36 /dev/zero; head -c 5000000; cat > /dev/null; exit 0",
                name: "amcrypt", sound: sound
            ).hasPrefix(
                "'PROG' failed to encrypt: it exited with status 0 and wrote 5000046 bytes instead of"))
    }

    @Test(arguments: [
        (
            "[ $1 ] && exit 3; exec cat",
            "what 'PROG' makes cannot be undone by 'PROG -d': it exited with status 3"
        ),
        (
            "[ $1 ] && { echo 'bad passphrase' >&2; exit 3; }; exec cat",
            "what 'PROG' makes cannot be undone by 'PROG -d': it exited with status 3: bad passphrase"
        ),
        (
            "[ $1 ] && exec head -c 100; exec cat",
            "what 'PROG' makes cannot be undone by 'PROG -d': 100 of 70001 bytes came back"
        ),
        ("echo; exec cat", "what 'PROG' makes cannot be undone by 'PROG -d': other bytes came back"),
        (
            "cat; [ -z $1 ] && echo garbage",
            "what 'PROG' makes cannot be undone by 'PROG -d': it exited with status 1"
        ),
        (
            "cat; [ -z $1 ] && echo garbage; exit 0",
            "what 'PROG' makes cannot be undone by 'PROG -d': 8 bytes too many came back"
        ),
        ("exit 0", "'PROG' failed to encrypt: it exited with status 0 and wrote nothing"),
        ("echo 'no key here' >&2; exit 9", "'PROG' failed to encrypt: it exited with status 9: no key here"),
    ])
    func `a program whose work cannot be undone is found before tar is started`(
        script: String, text: String
    ) async throws {
        let found = try await failure(script, tried: false)
        #expect(found.split(separator: "\n").first.map(String.init) == text)
    }

    @Test func `a program that is not there is said`() async throws {
        let fixture = try await DumpFixture(server: .shared())
        let outcome = try await fixture.dump(
            fixture.filterPlan(.serverCustom(program: "/no/such/program")))
        #expect(
            outcome.failureText == """
                '/no/such/program' is not installed on this node, or may not be run
                hint: install the package that it belongs to.
                """)
    }

    @Test func `a program that decrypts garbage fails the restore, with its own words`() async throws {
        let fixture = try await DumpFixture(server: .shared())
        try shell("head -c 3M /dev/urandom > random", in: fixture.source)
        let program = try fixture.program(
            "crypt",
            "[ -e \(fixture.directory.path("broken")) ] && { head -c 100000; echo lost >&2; exit 4; }; exec cat"
        )
        let plan = try fixture.filterPlan(.clientFast, .serverCustom(program: program, decryptOption: "-d"))
        let outcome = try await fixture.dump(plan)
        #expect(outcome.isUsable, "\(outcome.status)")
        try shell("touch broken", in: fixture.directory.path)
        let restore = try await fixture.filterRestorePlan(outcome, of: plan)
        let error = await #expect(throws: (any Error).self) { try await fixture.restoreOnly(restore) }
        #expect(
            "\(error.map { "\($0)" } ?? "")"
                == "'\(program)' failed to decrypt: it exited with status 4: lost")
    }

    @Test func `what a program says while it works makes the dump strange`() async throws {
        let fixture = try await DumpFixture(server: .shared())
        try shell("seq 1 1000 > file", in: fixture.source)
        let program = try fixture.program("crypt", "echo 'the key is old' >&2; exec cat")
        let outcome = try await fixture.dump(
            fixture.filterPlan(nil, .serverCustom(program: program, decryptOption: "-d")))
        #expect(outcome.isUsable && outcome.strange == ["\(program): the key is old"])
    }

    @Test func `a cancelled dump ends its programs`() async throws {
        let fixture = try await DumpFixture(server: .shared())
        try shell("head -c 30M /dev/urandom > random", in: fixture.source)
        try shell("mkdir signs; chmod 777 signs", in: fixture.directory.path)
        let program = try fixture.program(
            "crypt",
            "echo $$ >> \(fixture.directory.path("signs/pids"))\n"
                + "[ $(wc -l < \(fixture.directory.path("signs/pids"))) -le 2 ] && exec cat\nexec sleep 600")
        let plan = try fixture.filterPlan(nil, .serverCustom(program: program, decryptOption: "-d"))
        let task = Task { try await fixture.dump(plan) }
        let pids = fixture.directory.path("signs/pids")
        while (try? FileSystem.readAll(pids).count { $0 == 10 }) ?? 0 < 3 {
            try await Task.sleep(for: .milliseconds(20))
        }
        task.cancel()
        await #expect(throws: CancellationError.self) { _ = try await task.value }
        let last =
            String(decoding: try FileSystem.readAll(pids), as: UTF8.self).split(separator: "\n").last ?? ""
        #expect(!FileSystem.exists("/proc/\(last)"))
    }
}
