// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import AmandaFormat
import Settings
import Testing

@testable import Coordinator

@Suite struct PreflightTests {
    @Test func `the first that applies of 2, 5 and 6 is the reason`() {
        let broken = status(
            "node01", error: WireError(.configuration, "amanda.conf:12: unknown keyword 'foo'"))
        let refused = NodeOutcome<NodeStatus>(
            node: "node02",
            result: .failure(WireErrors([WireError(.authentication, node: "node02", "refused")])))
        let store = WireError(.storageUnreachable, "no answer", hint: "start it.")
        #expect(preflight([broken, refused], store).refusal()?.ending == .unusable)
        #expect(preflight([refused], store).refusal()?.ending == .unauthenticated)
        #expect(preflight([status("node01")], store).refusal()?.description == "no answer\nhint: start it.")
        #expect(preflight([status("node01")]).refusal() == nil)
    }

    @Test func `a missing bucket is the cause of volumes that seem to lie elsewhere`() {
        let stray = status("node01", error: WireError(.configuration, "the changer writes to another bucket"))
        var found = preflight([stray], WireError(.storageRefused, "there is no bucket 'x'"))
        found.isBucketMissing = true
        #expect(found.refusal()?.ending == .storage)
    }

    @Test func `names every node with a broken configuration`() {
        let text = preflight(
            ["node01", "node02"].map { status($0, error: WireError(.configuration, "bad \($0)")) }
        )
        .refusal().map(String.init(describing:))
        #expect(
            text == """
                node01: bad node01
                node02: bad node02
                hint: correct it on the node; 'amfleet status' checks it.
                """)
    }

    @Test func `every fault of every configuration keeps its own hint, on the screen and in JSON`() throws {
        var sick = status("node01")
        guard case .success(var report) = sick.result else { return }
        report.configurations = ["vertica", "logs"].map { name in
            ConfigurationStatus(name: name, role: .data).with(
                [3, 9].map { line in
                    var fault = WireError(
                        .configuration, "\(name)/amanda.conf:\(line): bad", hint: "mend \(line).")
                    fault.place = FaultPlace(file: "\(name)/amanda.conf", line: line)
                    return fault
                })
        }
        sick = NodeOutcome(node: "node01", result: .success(report))
        let failure = FailureReport(try #require(preflight([sick]).refusal()))
        #expect(
            failure.lines == [
                "node01: vertica/amanda.conf:3: bad", "hint: mend 3.",
                "node01: vertica/amanda.conf:9: bad", "hint: mend 9.",
                "node01: logs/amanda.conf:3: bad", "hint: mend 3.",
                "node01: logs/amanda.conf:9: bad", "hint: mend 9.",
            ])
        #expect(failure.errors.compactMap(\.place?.line) == [3, 9, 3, 9])
        #expect(failure.errors.map(\.place?.configuration) == ["vertica", "vertica", "logs", "logs"])
        #expect(failure.errors.map(\.place?.node) == Array(repeating: "node01", count: 4))
    }

    @Test func `an agent that does not answer is no reason to leave the others without a backup`() {
        let silent = NodeOutcome<NodeStatus>(
            node: "node02", result: .failure(WireErrors([WireError(.agentLost, node: "node02", "no answer")]))
        )
        #expect(preflight([status("node01"), silent]).refusal() == nil)
    }

    @Test func `credentials refused on one node fail that node, on every node the run`() {
        var denied = WireError(.storageRefused, "S3 refused GetObject")
        denied.reach = .wholeStore
        #expect(preflight([status("node01"), status("node02", storage: denied)]).refusal() == nil)
        let all = preflight([status("node01", storage: denied), status("node02", storage: denied)])
        #expect(all.refusal()?.ending == .storage)
        #expect(all.refusal()?.description == "node01: S3 refused GetObject")
    }

    @Test func `an odd answer to the look alone is no reason, on however many nodes`() {
        let odd = WireError(.storageRefused, "S3 refused ListObjectsV2: status 418")
        #expect(preflight([status("node01", storage: odd), status("node02", storage: odd)]).refusal() == nil)
    }

    @Test func `finds running jobs and the newest run of any catalog`() {
        let busy = status("node01", job: "backup-x", newest: "20261123010000")
        let found = preflight([busy, status("node02", newest: "20261122010000")])
        #expect(found.runningJobs.map(\.description) == ["node01: job 'backup-x' is running"])
        #expect(found.newestRuns.max()?.digits == "20261123010000")
    }

    private func preflight(_ statuses: [NodeOutcome<NodeStatus>], _ storage: WireError? = nil) -> Preflight {
        Preflight(statuses: statuses, storageError: storage, foreignPrefix: nil)
    }

    private func status(
        _ node: String, error: WireError? = nil, storage: WireError? = nil, job: String? = nil,
        newest: String? = nil
    ) -> NodeOutcome<NodeStatus> {
        let status = NodeStatus(
            node: node, cluster: "demo", version: "0.1.0", time: Sample.time,
            certificateExpiresAt: Sample.time,
            isRoot: true, storageError: storage,
            configurations: [
                ConfigurationStatus(
                    name: "vertica", role: .data, error: error, newestRun: newest.map(Sample.name))
            ], runningJob: job)
        return NodeOutcome(node: node, result: .success(status))
    }
}

@Suite struct CommandEndingTests {
    @Test func `errors mean what their kind says`() {
        #expect(CommandEnding(of: CancellationError()) == .cancelled)
        #expect(CommandEnding(of: WireError(.unsupported, "no")) == .unusable)
        #expect(CommandEnding(of: WireError(.busy, "no")) == .busy)
        #expect(CommandEnding(of: CoordinatorError.noConditionalWrites(store: "x")) == .storage)
        #expect(
            CommandEnding(of: CoordinatorError.ownCertificate(path: "x", reason: "y")) == .unauthenticated)
        #expect(CommandEnding(of: SettingsError.syntax(file: "x", .init(), "y")) == .unusable)
    }

    @Test func `a failure tells its hint apart from its message`() {
        struct Broken: Fault {
            let facts = "it broke"
            var hint: String? { "mend it." }
        }
        let error = WireError(of: Broken(), node: "node01")
        #expect(error == WireError(.failed, node: "node01", "it broke", hint: "mend it."))
        #expect(FailureReport(Broken()).lines == ["it broke", "hint: mend it."])
    }

    @Test func `a failure as JSON has the command, the result and the error`() throws {
        let text = String(
            decoding: try FailureReport(CoordinatorError.noRuns).document(command: "restore"), as: UTF8.self)
        #expect(text.contains("\"command\" : \"restore\""))
        #expect(text.contains("\"format\" : 1"))
        #expect(text.contains("\"result\" : \"failed\""))
        #expect(text.contains("\"message\" : \"no run in the bucket yet\""))
    }
}
