// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import AmandaFormat
import Files
import Foundation
import S3
import TestSupport
import Testing

@testable import Agent

/// The operator's commands around a restore in place.
@Suite(.timeLimit(.minutes(4)))
struct RestoreHookTests {
    private func hook(
        _ command: String, limitSeconds: Int = 60, directory: String? = nil,
        hiding secrets: KnownSecrets = .none
    ) throws -> RestoreHook? {
        var order = RestoreOrder(sourceNode: "node01", configurations: [], directory: directory)
        order.commands = RestoreCommands(before: command, limitSeconds: limitSeconds)
        return RestoreHook(
            .before, order, try #require(RunName("20261123030600")), node: "node02", hiding: secrets)
    }

    private func sealed(_ kind: SealedFile.Kind, _ text: String) -> SealedFile {
        SealedFile(
            path: "/etc/amanda/file", kind: kind, mode: 0o600, user: "backup", group: "disk", userID: 34,
            groupID: 6,
            content: Array(text.utf8))
    }

    @Test func `what the job knows to be secret stands in no output that is kept`() async throws {
        let secrets = KnownSecrets([
            sealed(.encryption, "correct horse battery\n"),
            sealed(.encryption, "correct horse battery staple"),
            sealed(
                .credentials, "[default]\naws_secret_access_key = wJalrXUtnFEMI/K7MDENG\n# a remark of mine\n"
            ),
            sealed(.settings, "{\"node\": \"node01-public\"}"), sealed(.encryption, "short"),
        ])
        let hook = try #require(
            try hook(
                "echo pass=correct horse battery staple.; echo correct horse battery; echo key wJalrXUtnFEMI/K7MDENG!;"
                    + " echo 'a remark of mine' node01-public short", hiding: secrets))
        let text = try await hook.run().text
        #expect(text == "pass=<secret>.\n<secret>\nkey <secret>!\na remark of mine node01-public short\n")
    }

    /// Its first half is not in what is kept.
    @Test(arguments: [0, 7, 100])
    func `a secret that is cut shows no half of itself`(offset: Int) async throws {
        let secret = (0..<2_000).map { "s\($0 % 10)" }.joined()
        let hook = try #require(
            try hook(
                "printf '%s' \(secret)x; head -c \(RestoreHook.keptByteCount - 2_000 + offset) /dev/zero | tr '\\0' y",
                hiding: KnownSecrets([sealed(.encryption, secret)])))
        let text = try await hook.run().text
        #expect(!text.contains("s1s2") && text.hasSuffix("yyy"), "\(text.prefix(100))")
    }

    @Test func `what nobody sees is shown`() async throws {
        let text = try await #require(try hook("printf 'a\\033[2Jb\\n\\342\\200\\256c\\n'")).run().text
        #expect(text == "a<U+001B>[2Jb\n<U+202E>c\n")
    }

    /// A command that writes for hours fills no disk.
    @Test func `output that does not end takes little room while the command runs`() async throws {
        let hook = try #require(
            try hook(
                """
                head -c 80000000 /dev/zero | tr '\\0' x
                size() { stat -c %s "$(readlink /proc/self/fd/2)"; }
                for look in $(seq 300); do [ "$(size)" -le \(RestoreHook.filedByteCount) ] && break; sleep 0.1; done
                # What is kept is written back after it was cut.
                sleep 2
                size
                """
            ))
        let text = try await hook.run().text
        let last = try #require(text.split(separator: "\n").last.flatMap { Int64($0.drop { !$0.isNumber }) })
        #expect(last <= RestoreHook.filedByteCount, "\(last) bytes")
    }

    @Test func `its output is kept, both channels, and it is told what it is about`() async throws {
        let hook = try #require(
            try hook(
                "echo $AMFLEET_NODE $AMFLEET_SOURCE_NODE $AMFLEET_RUN $AMFLEET_MOMENT; echo err >&2; pwd; id -u"
            ))
        let report = try await hook.run()
        #expect(report.error == nil, "\(report)")
        #expect(report.text == "node02 node01 20261123030600 before\nerr\n/\n\(geteuid())\n")
    }

    @Test func `what fails is named with its end, and the last of what it said`() async throws {
        let report = try await #require(try hook("yes | head -c 100000; echo last words; exit 3")).run()
        #expect(
            report.error?.message.hasSuffix("exited with status 3") == true,
            "\(String(describing: report.error))")
        #expect(report.text.hasSuffix("last words\n") && report.text.utf8.count <= RestoreHook.keptByteCount)
    }

    @Test func `one that does not end is ended, and one that leaves a program running is not waited for`()
        async throws
    {
        let clock = ContinuousClock()
        let began = clock.now
        let endless = try await #require(try hook("sleep 600", limitSeconds: 1)).run()
        #expect(endless.error?.message.hasSuffix("took longer than its limit of 1.0 seconds") == true)
        let leaving = try await #require(try hook("sleep 600 & echo $!")).run()
        #expect(leaving.error == nil, "\(leaving)")
        #expect(clock.now - began < .seconds(60))
        if let pid = pid_t(leaving.text.trimmingCharacters(in: .whitespacesAndNewlines)) {
            #expect(kill(pid, 0) == 0)
            kill(pid, SIGKILL)
        }
    }

    @Test func `an adoption or a command makes no other restore of it, so one that stopped goes on`() {
        var order = RestoreOrder(sourceNode: "node01", configurations: [])
        let plain = order.undertaking
        order.commands = RestoreCommands(before: "true")
        order.adopts = true
        #expect(order.undertaking == plain)
    }

    @Test func `nothing has to stand still for a restore to another place`() throws {
        #expect(try hook("true", directory: "/elsewhere") == nil)
    }

    @Test(.enabled(if: RequiredTools.areUsable("weed")))
    func `nothing is written where before fails, after waits for everything, and afterFailure stands for it`()
        async throws
    {
        let node = try await NodeFixture(server: .shared())
        try node.write("data/file", "data")
        var runs: [String] = []
        _ = try await node.backUpNow(&runs)
        try FileSystem.removeTree(node.data)
        let trace = node.path("trace")
        func restore(_ commands: RestoreCommands, overwriting: Bool = false) async throws -> JobSnapshot {
            var order = RestoreOrder(
                sourceNode: "node01", configurations: [.init(name: "data", role: .data)],
                overwrite: overwriting)
            order.commands = commands
            var request = try node.request(runs[0], .restore(order))
            request.id += "-\(UInt32.random(in: 0...UInt32.max))"
            return try await node.run(request)
        }
        let refused = try await restore(
            RestoreCommands(
                before: "exit 1", after: "echo after >>\(trace)", afterFailure: "echo no >>\(trace)"))
        #expect(refused.state == .failed)
        #expect(refused.error?.message.contains("the command 'before'") == true, "\(refused)")
        #expect(!FileSystem.exists(node.data) && !FileSystem.exists(trace))

        let done = try await restore(
            RestoreCommands(
                before: "ls \(node.data) >>\(trace) 2>&1; true", after: "cat \(node.data)/file >>\(trace)",
                afterFailure: "echo no >>\(trace)"))
        #expect(done.state == .succeeded, "\(String(describing: done.error))")
        let text = try node.read("trace")
        #expect(text.contains("No such file") && text.hasSuffix("data"), "\(text)")
        #expect(done.restore?.commands?.map(\.moment) == [.before, .after])

        // The dump is there, as long as it was, and is none any more: that shows only while it is read.
        let keys = try await node.client.list(prefix: "demo/node01/data/").objects
        let data = try #require(keys.first { $0.key.hasSuffix("-mp.data") })
        _ = try await node.client.put(data.key, [UInt8](repeating: 7, count: Int(data.byteCount)))
        let lost = try await restore(
            RestoreCommands(after: "echo after >>\(trace)", afterFailure: "echo no >>\(trace)"),
            overwriting: true)
        #expect(lost.state == .failed)
        #expect(try node.read("trace").hasSuffix("data" + "no\n"), "\(lost)")
        #expect(lost.restore?.commands?.map(\.moment) == [.after, .afterFailure])
        #expect(lost.restore?.commands?.first?.error?.message.contains("was not run") == true)
    }
}
