// SPDX-License-Identifier: Apache-2.0

import Foundation
import Synchronization
import TestSupport
import Testing

extension EndToEnd {
    /// Everything ends: a job that never does by itself, whatever it sends meanwhile, a run, a cancellation.
    @Suite(.serialized, .needs(Machine.cluster), .arranged(TwoNodes.self), .timeLimit(.minutes(9)))
    struct EndlessJobTests {
        /// The other node, which works, is judged by it too.
        private static let stalled = "20s"

        @Test(
            arguments: LongTests.whole(
                EndlessJob.Habit.allCases.filter {
                    ![.onlyHeartbeats, .flooding, .uncancellable].contains($0)
                },
                or: [.reconnecting, .garbage], leavingOut: "two ways of never ending"))
        func `a job that shows nothing ends, and the other node is complete`(
            _ habit: EndlessJob.Habit
        ) async throws {
            let made = try Arranged.as(TwoNodes.self)
            let job = EndlessJob(habit)
            let backup = try await made.night(job, ["stalled": Self.stalled]) {
                try await made.cluster.amfleet(["backup", "--json", "--cluster", $0])
            }
            #expect(backup.exit == 3, "\(backup)")
            let report = try CommandJSON(backup)
            #expect(report.states == ["complete", "failed"])
            let reason = report.errors(of: "node02").joined()
            guard habit != .interrupted else {
                #expect(reason.contains("the agent stopped in the middle"), "\(backup)")
                return
            }
            #expect(reason.contains("no byte, no event and no new state for 20 s"), "\(backup)")
            #expect(reason.contains("its job was cancelled"), "\(backup)")
            #expect(reason.contains("amfleet retry \(report.run)"), "\(backup)")
            #expect(reason.contains("limits.stalled"), "\(backup)")
            // As the hint says.
            let retry = try await made.cluster.amfleet(["retry", report.run])
            #expect(retry.exit == 0, "\(retry)")
        }

        @Test(.long) func `a run ends when limits.run is over`() async throws {
            let made = try Arranged.as(TwoNodes.self)
            let job = EndlessJob()
            let backup = try await made.night(job, ["run": "40s"]) {
                try await made.cluster.amfleet(["backup", "--json", "--cluster", $0])
            }
            #expect(backup.exit == 3, "\(backup)")
            let report = try CommandJSON(backup)
            #expect(report.states == ["complete", "failed"])
            #expect(report.errors(of: "node02").joined().contains("longer than limits.run"), "\(backup)")
            #expect(job.deletions.count == 1)
            #expect(
                job.deletions.allSatisfy { $0.contains("?attempt=1&fence=1") }, "\(job.deletions)")
        }

        @Test(.long) func `a plan ends, too`() async throws {
            let made = try Arranged.as(TwoNodes.self)
            let plan = try await made.night(EndlessJob(), ["stalled": Self.stalled]) {
                try await made.cluster.amfleet(["plan", "--cluster", $0])
            }
            #expect(plan.exit == 3, "\(plan)")
            #expect(plan.text.contains("node02: no byte, no event and no new state for"), "\(plan)")
        }

        @Test(.long) func `a job that does not heed its cancellation is named, and nobody waits for it`()
            async throws
        {
            let made = try Arranged.as(TwoNodes.self)
            let backup = try await made.night(EndlessJob(.uncancellable), ["stalled": Self.stalled]) {
                try await made.cluster.amfleet(["backup", "--json", "--cluster", $0])
            }
            #expect(backup.exit == 3, "\(backup)")
            let reason = try CommandJSON(backup).errors(of: "node02").joined()
            #expect(reason.contains("could not be ended within 30 s"), "\(backup)")
            #expect(reason.contains("amfleet status"), "\(backup)")
            let next = try await made.cluster.amfleet(["backup"])
            #expect(next.exit == 0, "\(next)")
        }

        @Test(.long) func `Ctrl-C ends in bounded time, and names what could not be ended`() async throws {
            let made = try Arranged.as(TwoNodes.self)
            let job = EndlessJob(.uncancellable)
            let backup = try await made.night(job, [:]) { file in
                let backup = try made.cluster.startAmfleet(["backup", "--cluster", file])
                try await eventually("it is followed: \(backup.text)") { job.isFollowed }
                backup.send(SIGINT)
                return try await backup.end(within: .seconds(180))
            }
            #expect(backup.exit != 0, "\(backup)")
            #expect(
                backup.text.contains("node02") && backup.text.contains("could not be ended within 30 s"),
                "\(backup)")
            let list = try await made.cluster.amfleet(["list"])
            #expect(list.text.contains("cancelled"), "\(list)")
        }

        @Test func `a job whose request is late does not begin once it was cancelled`() async throws {
            let made = try Arranged.as(TwoNodes.self)
            let held = HeldRequest()
            let agent = try await made.cluster.misbehave(made.node) { question in
                guard question.isSubmission else { return .real }
                held.keep(question.body)
                return .silence
            }
            let backup = try made.cluster.startAmfleet(["backup"])
            try await eventually("the job is asked for: \(backup.text)") { held.body != nil }
            backup.send(SIGINT)
            let cancelled = try await backup.end()
            await agent.stop()
            try made.cluster.behave(made.node)
            #expect(cancelled.exit != 0, "\(cancelled)")

            let request = "\(made.cluster.directory)/late.json"
            try Data(held.body ?? []).write(to: URL(fileURLWithPath: request))
            let answer = try await made.ask("POST", "/v1/jobs", "--data-binary", "@\(request)")
            #expect(answer.output.contains("\"cancelled\""), "\(answer)")
            let jobs = try await made.ask("GET", "/v1/jobs")
            #expect(
                !jobs.output.contains("\"accepted\"") && !jobs.output.contains("\"running\""), "\(jobs)")
            let next = try await made.cluster.amfleet(["backup"])
            #expect(next.exit == 0, "\(next)")
        }
    }
}

/// A request that has not arrived yet.
private final class HeldRequest: Sendable {
    private let content = Mutex<[UInt8]?>(nil)

    var body: [UInt8]? { content.withLock { $0 } }
    func keep(_ body: [UInt8]) { content.withLock { $0 = body } }
}

/// Two nodes with next to no data.
struct TwoNodes: Arrangement {
    let cluster: TestCluster

    /// The one whose agent misbehaves.
    var node: ClusterNode { cluster.nodes[1] }

    static func arrange() async throws -> TwoNodes {
        let cluster = try await TestCluster(nodes: ["node01", "node02"])
        do {
            for node in cluster.nodes { try write("of \(node.name)\n", to: "\(node.data)/file") }
            try await cluster.configure([ConfigurationPlan(name: "vertica", tapecycle: 9)])
            try await cluster.startAgents()
            return TwoNodes(cluster: cluster)
        } catch {
            await cluster.remove()
            throw error
        }
    }

    func remove() async { await cluster.remove() }

    /// Does `work` while the second node's agent carries such a job, with such limits.
    func night(
        _ job: EndlessJob, _ limits: [String: String],
        _ work: (_ file: String) async throws -> CommandResult
    ) async throws -> CommandResult {
        let agent = try await cluster.misbehave(node) { await job.answer($0) }
        let file = try cluster.clusterFile("limited") { settings in
            for (name, value) in limits { settings.set("limits", name, to: value) }
        }
        let result: Result<CommandResult, any Error>
        do {
            result = .success(try await work(file))
        } catch {
            result = .failure(error)
        }
        await agent.stop()
        try cluster.behave(node)
        return try result.get()
    }

    /// The node's own agent, asked as the coordinator.
    func ask(_ method: String, _ path: String, _ more: String...) async throws -> CommandResult {
        let folder = cluster.coordinatorDirectory
        return try await command(
            [
                "/usr/bin/env", "curl", "-sS", "--max-time", "60", "-X", method, "--cacert",
                "\(folder)/ca.pem", "--cert", "\(folder)/coordinator.pem", "--key",
                "\(folder)/coordinator.key", "--connect-to",
                "\(node.name).demo:\(node.port):127.0.0.1:\(node.port)", "-H",
                "Content-Type: application/json",
            ] + more + ["https://\(node.name).demo:\(node.port)\(path)"])
    }
}
