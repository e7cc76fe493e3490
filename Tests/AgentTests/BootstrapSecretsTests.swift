// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import Testing

@testable import Agent

/// What became of sealed files, as `amfleetd bootstrap` tells it.
@Suite struct BootstrapSecretsTests {
    private func faults(_ outcomes: [RestoredSecret]) -> [String] {
        var secrets = BootstrapSecrets()
        secrets.add(outcomes, node: "node01")
        #expect(secrets.files.map(\.path) == outcomes.map(\.path))
        return secrets.faults.map(\.message)
    }

    @Test func `what cannot be had of them is known beforehand`() {
        var secrets = BootstrapSecrets()
        #expect(secrets.foretold.isEmpty)
        secrets.notes = ["nothing is sealed for this node, as far as its rights show"]
        secrets.faults = [WireError(.configuration, node: "node01", "it is not sealed to this recovery key")]
        #expect(
            secrets.foretold == [
                "sealed keys: nothing is sealed for this node, as far as its rights show",
                "sealed keys: it is not sealed to this recovery key",
            ])
    }

    @Test func `another key in the place of a sealed one is a fault`() {
        let key = RestoredSecret(
            path: "/var/backups/.am_passphrase", kind: .encryption, state: .kept,
            reason: "another one is there")
        #expect(faults([key]) == ["'/var/backups/.am_passphrase' is not put back: another one is there"])
    }

    @Test func `a key of an own program is left out with what puts it back`() {
        let key = RestoredSecret(
            path: "/etc/keys/own", kind: .encryption, state: .leftOut,
            reason: "it lies where no program of Amanda's has its keys")
        var secrets = BootstrapSecrets()
        secrets.add([key], node: "node01")
        #expect(
            secrets.files.first?.reason
                == "it lies where no program of Amanda's has its keys; '--accept-key /etc/keys/own' puts it back all the same."
        )
        #expect(secrets.faults.isEmpty)
    }

    /// On the worst day nobody has the node's old ones, and those that fetched all this are there.
    @Test func `other credentials that are there are none`() {
        let path = "/root/.aws/credentials"
        let kept = RestoredSecret(
            path: path, kind: .credentials, state: .kept, reason: "another one is there")
        #expect(faults([kept]).isEmpty)
        let failed = RestoredSecret(path: path, kind: .credentials, state: .failed, reason: "no space")
        #expect(faults([failed]).count == 1)
    }
}
