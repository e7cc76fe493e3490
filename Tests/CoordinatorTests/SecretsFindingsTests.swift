// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import AmandaFormat
import FoundationEssentials
import Testing

@testable import Coordinator

@Suite struct SecretsFindingsTests {
    private func status(_ secrets: NodeSecrets?) -> NodeStatus {
        var status = NodeStatus(
            node: "node01", cluster: "demo", version: "1", time: Date(), certificateExpiresAt: Date(),
            isRoot: true)
        status.secrets = secrets
        return status
    }

    private func findings(
        _ secrets: NodeSecrets?, _ state: SecretsFacts.State?, hasEverRun: Bool = true
    ) -> [String] {
        SecretsFindings.of(status(secrets), node: "node01", state, hasEverRun: hasEverRun).map(\.what)
    }

    private var sealed: NodeSecrets { NodeSecrets(run: RunName("20261130020000"), recipients: ["a"]) }

    @Test func `what is sealed as it is needs no word`() {
        #expect(findings(sealed, .sealed) == [])
        #expect(findings(nil, nil) == [])
        #expect(findings(NodeSecrets(), nil, hasEverRun: false) == [])
    }

    @Test func `what was never sealed, has changed or is gone is a problem`() {
        #expect(findings(NodeSecrets(), nil) == ["the secrets that a restore of it needs are not sealed"])
        var changed = sealed
        changed.changed = (1...7).map { "/k\($0)" }
        #expect(
            findings(changed, .sealed)
                == ["not as it was sealed: '/k1', '/k2', '/k3', '/k4', '/k5' and 2 more"])
        #expect(findings(sealed, .gone).first?.contains("not in the bucket any more") == true)
        #expect(findings(sealed, .damaged).first?.contains("damaged") == true)
        #expect(findings(sealed, .replaced).first?.contains("not what it has put there") == true)
        #expect(
            findings(sealed, .unknown("refused")).first?.hasSuffix("cannot be looked at: refused") == true)
        #expect(findings(sealed, .toOthers).first?.contains("every recovery certificate") == true)
    }

    @Test func `what could not be looked at is not called unsealed`() {
        #expect(
            findings(NodeSecrets(), .unknown("refused")) == [
                "whether the secrets that a restore of it needs are sealed is unknown: refused"
            ])
        #expect(findings(NodeSecrets(), .unknown("refused"), hasEverRun: false) == [])
    }

    @Test func `a node that has lost its memory is no problem where a version is there`() throws {
        let run = try #require(RunName("20261130020000"))
        let found = SecretsFindings.of(
            status(NodeSecrets()), node: "node01", .forgotten(run), hasEverRun: true)
        #expect(found.map(\.weight) == [.remark])
        #expect(found.first?.what.contains("run 20261130020000") == true)
    }

    @Test func `credentials that are in no file are a remark`() {
        var secrets = sealed
        secrets.unsealedCredentials = .environment
        let found = SecretsFindings.of(status(secrets), node: "node01", .sealed, hasEverRun: true)
        #expect(found.map(\.weight) == [.remark])
        #expect(
            found.first?.what
                == "its credentials for the store come from its agent's environment, and are not sealed: a new machine must be given some"
        )
    }

    @Test func `a node's own problems are told besides`() {
        var secrets = sealed
        secrets.problems = [WireError(.failed, node: "node01", "a key is not there")]
        #expect(findings(secrets, .sealed) == ["a key is not there"])
    }
}
