// SPDX-License-Identifier: Apache-2.0

import Certificates
import Testing

@Suite struct PeerNameTests {
    @Test(arguments: [
        ("spiffe://demo/node/node01", CertificateRole.node("node01"), "node01.demo"),
        ("spiffe://demo/coordinator", .coordinator, "coordinator.demo"),
        ("spiffe://demo/observer", .observer, "observer.demo"),
        ("spiffe://demo/node/coordinator", .node("coordinator"), "coordinator.demo"),
    ])
    func `reads and rewrites each role`(uri: String, role: CertificateRole, dnsName: String) throws {
        let name = try PeerName(uri: uri)
        #expect(name == (try PeerName(cluster: "demo", role: role)))
        #expect(name.uri == uri)
        #expect(name.dnsName == dnsName)
    }

    @Test(arguments: [
        "", "spiffe://", "spiffe://demo", "spiffe://demo/", "spiffe:///coordinator", "spiffe://demo/admin",
        "spiffe://demo/coordinator/", "spiffe://demo//coordinator", "spiffe://demo/coordinator/x",
        "spiffe://demo/node", "spiffe://demo/node/", "spiffe://demo/node/a/b", "spiffe://demo/node/a.b",
        "spiffe://Demo/coordinator", "SPIFFE://demo/coordinator", "spiffe://demo/Coordinator",
        "spiffe://demo/node/n%30", "spiffe://demo/coordinator?x", "spiffe://demo/coordinator#x",
        "spiffe://demo:1/coordinator", "spiffe://u@demo/coordinator", " spiffe://demo/coordinator",
        "spiffe://demo/coordinator ", "spiffe://demo/coordinator\0", "spiffe://demo\0.org/coordinator",
        "spiffe://demo/node/no\u{0301}de", "spiffe://demo/node/ñ", "https://demo/coordinator",
        "spiffe://demo/node/" + String(repeating: "a", count: 64),
    ])
    func `refuses everything else`(uri: String) {
        #expect(throws: CertificateError.notAPeerName(uri: uri)) { try PeerName(uri: uri) }
    }

    @Test func `names what is wrong with a node's name`() {
        let error = #expect(throws: CertificateError.self) {
            try PeerName(cluster: "demo", role: .node("Node\n1"))
        }
        #expect(
            error?.description == #"""
                node name 'Node\n1' is not a lower-case DNS label
                hint: use a to z, 0 to 9 and hyphens, at most 63, with a letter or digit at both ends.
                """#)
    }
}
