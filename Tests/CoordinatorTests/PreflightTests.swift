// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import AmandaFormat
import CivilCalendar
import Settings
import Testing

@testable import Coordinator

@Suite struct PreflightTests {
    @Test func `2, 5 and 6 are of every node or the coordinator's own, in this order`() {
        let broken = ["node01", "node02"].map {
            status($0, error: WireError(.configuration, "amanda.conf:12: unknown keyword 'foo'"))
        }
        let refused = ["node01", "node02"].map { silent($0, .authentication) }
        let store = WireError(.storageUnreachable, "no answer", hint: "start it.")
        #expect(preflight(broken, store).refusal()?.ending == .unusable)
        #expect(preflight(refused, store).refusal()?.ending == .unauthenticated)
        #expect(preflight([status("node01")], store).refusal()?.description == "no answer\nhint: start it.")
        #expect(preflight([status("node01")]).refusal() == nil)
    }

    @Test(arguments: [FaultKind.configuration, .unsupported, .authentication, .busy])
    func `one node's trouble is that node's, whatever it is`(kind: FaultKind) throws {
        let troubled =
            switch kind {
            case .authentication: silent("node01", kind)
            case .busy: status("node01", job: "backup-x")
            default: status("node01", error: WireError(kind, "bad"))
            }
        let found = preflight([troubled, status("node02"), status("node03")])
        #expect(found.refusal() == nil)
        #expect(try found.fitNodes() == ["node02", "node03"])
        #expect(found.leftOut.map(\.kind) == [kind])
        #expect(found.leftOut.map(\.node) == ["node01"])
    }

    @Test func `where nobody can take part each is named, and none begins`() {
        let mixed = preflight([silent("node01", .authentication), status("node02", job: "backup-x")])
        #expect(mixed.refusal() == nil)
        let error = #expect(throws: CoordinatorError.self) { try mixed.fitNodes() }
        #expect(error?.ending == .failed)
        #expect(
            error?.faults.map(\.headline) == [
                "node01: no", "node02: busy: job 'backup-x' is running",
            ])
        let busy = preflight(["node01", "node02"].map { status($0, job: "backup-x") })
        #expect(#expect(throws: CoordinatorError.self) { try busy.fitNodes() }?.ending == .busy)
    }

    @Test func `one of two configurations that can be used is worth a job`() throws {
        let bad = ConfigurationStatus(name: "logs", role: .data, error: WireError(.configuration, "bad"))
        let good = ConfigurationStatus(name: "vertica", role: .data)
        let half = preflight([status("node01", [bad, good]), status("node02")])
        #expect(half.refusal() == nil)
        #expect(try half.fitNodes() == ["node01", "node02"])
        let none = preflight([status("node01", [bad, bad]), status("node02")])
        #expect(try none.fitNodes() == ["node02"])
        let everywhere = preflight([status("node01", [bad, good]), status("node02", [bad, good])])
        #expect(everywhere.refusal()?.ending == .unusable)
    }

    @Test func `a node that goes on with the run's own job is not busy`() throws {
        let job = JobID.backup(Sample.run, node: "node01")
        var found = preflight([status("node01", job: job), status("node02")])
        #expect(try found.fitNodes() == ["node02"])
        found.continued = Sample.run
        #expect(try found.fitNodes() == ["node01", "node02"])
    }

    @Test func `a busy node says what it does, and since when`() {
        let snapshot = JobSnapshot(
            id: "restore-x", run: Sample.run, kind: .restore, attempt: 1, state: .running,
            startedAt: Sample.time)
        var found = preflight([status("node01", job: "restore-x"), status("node02")])
        found.jobs = ["node01": snapshot]
        #expect(
            found.leftOut.map(\.headline) == [
                "node01: busy: job 'restore-x' is running (restore of run \(Sample.run)), since \(LocalTime(Sample.time).text)"
            ])
    }

    @Test func `a catalog that is ahead is its own node's trouble, and names no run`() throws {
        var found = preflight([
            status("node01", newest: "20281123010000"), status("node02", newest: "20261123010000"),
        ])
        found.now = LocalTime(Sample.run)
        #expect(found.refusal() == nil)
        #expect(try found.fitNodes() == ["node02"])
        #expect(found.newestRuns.map(\.digits) == ["20261123010000"])
        #expect(found.leftOut.first?.message.contains("20281123010000, 730 d 21 h ahead") == true)
        var all = preflight([status("node01", newest: "20281123010000")])
        all.now = LocalTime(Sample.run)
        #expect(all.refusal()?.ending == .unusable)
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

    @Test func `of what a node says of configurations only that counts which was asked, and not without end`()
        throws
    {
        let faults = (1...10_000).map { WireError(.configuration, "amanda.conf:\($0): unknown keyword 'x'") }
        let said = ["logs", "vertica", "vertica", "other"].map {
            ConfigurationStatus(name: $0, role: .data).with(faults)
        }
        let question = StatusQuestion(
            storage: Sample.cluster([]).storage.address, configurations: Sample.asked)
        let counted = AgentClient.asked(said, question)
        #expect(counted.map(\.name) == ["vertica"])
        #expect(counted.first?.faults.count == 101)
        #expect(AgentClient.asked(said, nil).isEmpty)
        // What keeps the node from its job goes into the manifest.
        let found = preflight([status("node01", counted), status("node02")])
        #expect(found.fitness.leftOut["node01"]?.count == 101)
    }

    @Test func `of one node only so many runs are looked at that it says it holds`() {
        func held(_ count: Int) -> ConfigurationStatus {
            var configuration = ConfigurationStatus(name: "vertica", role: .data)
            configuration.held = (0..<count).compactMap { number in
                RunName(CivilTime(secondsSince1970: 1_700_000_000 + Int64(number))).map {
                    HeldDumpRecord(run: $0, host: "localhost", disk: "/data", level: 0, chunks: [])
                }
            }
            return configuration
        }
        let found = preflight([status("node01", [held(5_000)]), status("node02", [held(3)])])
        #expect(found.heldRuns.count == Preflight.heldRunLimit + 3)
        let few = preflight([status("node01", [held(3)]), status("node02", [held(3)])])
        #expect(few.heldRuns.count == 3)
    }

    @Test func `an agent that does not answer is no reason to leave the others without a backup`() throws {
        let found = preflight([status("node01"), silent("node02", .agentLost)])
        #expect(found.refusal() == nil)
        #expect(try found.fitNodes() == ["node01", "node02"])
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

    private func preflight(_ statuses: [NodeOutcome<NodeStatus>], _ storage: WireError? = nil) -> Preflight {
        Preflight(statuses: statuses, storageError: storage, foreignPrefix: nil)
    }

    private func silent(_ node: String, _ kind: FaultKind) -> NodeOutcome<NodeStatus> {
        NodeOutcome(node: node, result: .failure(WireErrors([WireError(kind, node: node, "no")])))
    }

    private func status(
        _ node: String, _ configurations: [ConfigurationStatus]
    ) -> NodeOutcome<NodeStatus> {
        guard case .success(var found) = status(node).result else { return status(node) }
        found.configurations = configurations
        return NodeOutcome(node: node, result: .success(found))
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
