// SPDX-License-Identifier: Apache-2.0

import AmandaFormat
import Dump
import Files
import Foundation
import S3
import TestSupport
import Testing

@Suite(.enabled(if: RequiredTools.areUsable("weed")), .timeLimit(.minutes(5)))
struct DumpFailureTests {
    private func failure(_ outcome: DumpOutcome) -> (any Error)? {
        if case .failed(let error) = outcome.status { error } else { nil }
    }

    private func openUploads(_ fixture: DumpFixture) throws -> String {
        try shell(
            """
            export AWS_ACCESS_KEY_ID=\(fixture.server.accessKey) AWS_SECRET_ACCESS_KEY=\(fixture.server.secretKey)
            export AWS_DEFAULT_REGION=us-east-1
            \(RequiredTools.path("aws")) --endpoint-url \(fixture.server.endpoint) s3api list-multipart-uploads \
                --bucket \(fixture.bucket) --query 'Uploads[].Key' --output text
            """, in: "/")
    }

    @Test func `a refused upload fails the dump, leaves no upload open and a partial header`() async throws {
        let server = try await LocalS3Server.shared()
        let proxy = try FaultyProxy(to: server.port)
        let fixture = try await DumpFixture(server: server, endpoint: proxy.endpoint)
        try shell("head -c 40M /dev/urandom > random", in: fixture.source)
        proxy.inject(
            .error(status: 403, code: "AccessDenied"), method: "PUT", target: "partNumber=3", times: 100)
        let volume = try fixture.volume(StoragePlan(blockByteCount: 5 << 20))
        let outcome = try await fixture.dump(fixture.plan(volume: volume))
        #expect((failure(outcome) as? S3Error)?.kind == .storageRefused, "\(outcome.status)")
        #expect(!outcome.isUsable && outcome.parts.isEmpty && volume.nextFileNumber == 2)
        #expect(fixture.journal.pending().isEmpty)
        #expect(try await fixture.listedKeys() == ["demo/node01/vertica/slot-01f00000001-filestart"])
        let header = try await fixture.reader.header(ofFile: 1)
        #expect(header.isPartial && header.serverCRC == nil)
        #expect(try !openUploads(fixture).contains("slot-01"))
        #expect(try FileSystem.list(fixture.snapshots) == [])
    }

    @Test func `parts that fail for a while are sent again and the dump is whole`() async throws {
        let server = try await LocalS3Server.shared()
        let proxy = try FaultyProxy(to: server.port)
        let fixture = try await DumpFixture(server: server, endpoint: proxy.endpoint)
        try shell("head -c 30M /dev/urandom > random", in: fixture.source)
        proxy.inject(.cutRequest(after: 100_000), method: "PUT", target: "partNumber=2")
        proxy.inject(.error(status: 503, code: "SlowDown"), method: "PUT", target: "partNumber=4", times: 2)
        let outcome = try await fixture.dump(fixture.plan(storage: StoragePlan(blockByteCount: 5 << 20)))
        #expect(outcome.isUsable, "\(outcome.status)")
        _ = try await fixture.restore(outcome)
        try shell("cmp source/random target/random", in: fixture.directory.path)
    }

    @Test func `a cancelled dump ends tar, aborts its uploads and throws CancellationError`() async throws {
        let server = try await LocalS3Server.shared()
        let proxy = try FaultyProxy(to: server.port)
        let fixture = try await DumpFixture(server: server, endpoint: proxy.endpoint)
        try shell("head -c 60M /dev/urandom > random", in: fixture.source)
        proxy.inject(.delay(.seconds(30)), method: "PUT", target: "partNumber=", skip: 1, times: 100)
        let plan = try fixture.plan(storage: StoragePlan(blockByteCount: 5 << 20, uploadThreadCount: 2))
        let task = Task { try await fixture.dump(plan) }
        while !proxy.requests.contains(where: { $0.contains("partNumber=3") }) {
            try await Task.sleep(for: .milliseconds(20))
        }
        task.cancel()
        await #expect(throws: CancellationError.self) { _ = try await task.value }
        #expect(fixture.journal.pending().isEmpty)
        #expect(try !openUploads(fixture).contains("slot-01"))
    }

    @Test(.long) func `a dump that is cancelled while an upload begins leaves none open`() async throws {
        let server = try await LocalS3Server.shared()
        let proxy = try FaultyProxy(to: server.port)
        let fixture = try await DumpFixture(server: server, endpoint: proxy.endpoint)
        try shell("seq 1 1000 > text", in: fixture.source)
        proxy.inject(.delay(.seconds(3)), method: "POST", target: "uploads")
        let plan = try fixture.plan()
        let task = Task { try await fixture.dump(plan) }
        while !proxy.requests.contains(where: { $0.hasPrefix("POST") && $0.contains("uploads") }) {
            try await Task.sleep(for: .milliseconds(20))
        }
        task.cancel()
        await #expect(throws: CancellationError.self) { _ = try await task.value }
        try await Task.sleep(for: .seconds(4))
        #expect(fixture.journal.pending().isEmpty)
        #expect(try !openUploads(fixture).contains("slot-01"))
    }

    @Test func `tar killed by a signal fails the dump`() async throws {
        let fixture = try await DumpFixture(server: .shared())
        try shell("head -c 1M /dev/urandom > random", in: fixture.source)
        let script = try fixture.directory.write(
            "tar", "#!/bin/sh\ntar \"$@\" | head -c 300000\nkill -9 $$\n")
        try shell("chmod 755 \(script)", in: "/")
        let volume = try fixture.volume()
        let outcome = try await fixture.dump(
            fixture.plan(volume: volume) {
                $0.properties.append(.init(name: "gnutar-path", values: [script]))
            })
        #expect((failure(outcome) as? DumpError)?.description.hasPrefix("tar was killed by signal 9") == true)
        #expect(volume.nextFileNumber == 2)
        #expect(fixture.journal.pending().isEmpty)
    }

    @Test func `a file that tar may not read is strange and named`() async throws {
        let fixture = try await DumpFixture(server: .shared())
        try shell(
            "echo x > open; echo y > closed; chmod 600 closed; chmod 755 . ..; chown nobody:nogroup .. ../snapshots",
            in: fixture.source)
        // Root reads everything, so tar runs as nobody here, and is given the snapshot that it writes.
        let script = try fixture.directory.write(
            "tar",
            """
            #!/bin/bash
            for argument; do [[ $argument == */snapshot ]] && chown -R nobody "${argument%/*}"; done
            exec setpriv --reuid=65534 --regid=65534 --clear-groups /bin/tar "${@/--atime-preserve=system/--sparse}"
            """)
        try shell("chmod 755 \(script)", in: "/")
        let outcome = try await fixture.dump(
            fixture.plan { $0.properties.append(.init(name: "gnutar-path", values: [script])) })
        guard case .strange = outcome.status else {
            Issue.record("\(outcome.status)")
            return
        }
        #expect(
            outcome.strange.contains { $0.hasSuffix("./closed: Warning: Cannot open: Permission denied") })
        #expect(outcome.isUsable)
    }

    @Test func `a file that vanishes while tar runs is a note`() async throws {
        let fixture = try await DumpFixture(server: .shared())
        try shell("mkdir a z; seq 1 10 > a/first; seq 1 10 > z/last", in: fixture.source)
        // tar has listed the directories when it asks for their first names; the file goes between that and reading it.
        let script = try fixture.directory.write(
            "tar",
            """
            #!/bin/bash
            exec /bin/tar "${@/--totals/--checkpoint=1}" --totals --checkpoint-action=exec='rm -f \(fixture.source)/z/last'
            """)
        try shell("chmod 755 \(script); head -c 3M /dev/urandom > \(fixture.source)/a/big", in: "/")
        let outcome = try await fixture.dump(
            fixture.plan(xattrs: false) { $0.properties.append(.init(name: "gnutar-path", values: [script])) }
        )
        guard case .done = outcome.status else {
            Issue.record("\(outcome.status) \(outcome.strange)")
            return
        }
        #expect(outcome.notes.contains { $0.contains("z/last") }, "\(outcome.notes)")
    }

    @Test func `refuses what it cannot do before anything is begun`() async throws {
        let fixture = try await DumpFixture(server: .shared())
        let refused = try await fixture.dump(
            fixture.plan { $0.encryption = .serverCustom(program: "/usr/sbin/amcrypt", decryptOption: nil) })
        #expect((failure(refused) as? FilterError) == .noUser(program: "/usr/sbin/amcrypt"))
        let volume = try fixture.volume()
        let missing = try await fixture.dump(
            fixture.plan(volume: volume) { $0.disk = "/no/such/directory" })
        #expect(
            (failure(missing) as? DumpError)?.description
                == "cannot dump '/no/such/directory': it does not exist")
        #expect(volume.nextFileNumber == 1)
        #expect(try await fixture.listedKeys() == [])
    }
}
