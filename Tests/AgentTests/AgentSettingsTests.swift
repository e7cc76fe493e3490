// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import Logging
import Settings
import Testing

@Suite struct AgentSettingsTests {
    private static let sample = """
        { "format": 1, "node": "node01", "cluster": "demo", "listen": "127.0.0.1:7443",
          "tls": { "authority": "ca.pem", "certificate": "./node01.pem", "privateKey": "/keys/node01.key" },
          "storage": { "credentialsFile": "s3-credentials" },
          "amandaDirectory": "/etc/amanda", "stateDirectory": "/var/lib/amfleet", "logLevel": "debug" }
        """

    private func settings(_ text: String = Self.sample) throws(SettingsError) -> AgentSettings {
        try AgentSettings(parsing: Array(text.utf8), file: "agent.json", directory: "/etc/amfleet")
    }

    @Test func `reads every field, with paths relative to the file`() throws {
        #expect(
            try settings()
                == AgentSettings(
                    node: "node01", cluster: "demo", listen: .init(host: "127.0.0.1", port: 7443),
                    tls: .init(
                        authority: "/etc/amfleet/ca.pem", certificate: "/etc/amfleet/node01.pem",
                        privateKey: "/keys/node01.key"),
                    storage: .init(credentialsFile: "/etc/amfleet/s3-credentials"),
                    amandaDirectory: "/etc/amanda", stateDirectory: "/var/lib/amfleet", logLevel: .debug))
    }

    @Test func `has defaults for places and the address`() throws {
        let settings = try settings(
            """
            { "format": 1, "node": "node01", "cluster": "demo",
              "tls": { "authority": "a", "certificate": "b", "privateKey": "c" } }
            """)
        #expect(settings.listen.description == "0.0.0.0:7443")
        #expect(settings.amandaDirectory == "/etc/amanda")
        #expect(settings.stateDirectory == "/var/lib/amfleet")
        #expect(settings.storage == .init())
        #expect(settings.logLevel == .info)
    }

    @Test(arguments: [
        (
            "\"node01\"", "\"Node_1\"",
            """
            agent.json:1:24: 'node' cannot be a node's name, found 'Node_1'
            hint: use lower-case letters, digits and '-', at most 63, as in a host name.
            """
        ),
        (
            "\"127.0.0.1:7443\"", "\"127.0.0.1\"",
            """
            agent.json:1:63: 'listen' must be an address and a port, found '127.0.0.1'
            hint: write "0.0.0.0:7443".
            """
        ),
        (
            "credentialsFile", "credentialFile",
            """
            agent.json:3:16: unknown key 'storage.credentialFile'
            hint: write 'credentialsFile' for 'credentialFile'.
            """
        ),
        (
            "\"debug\"", "\"debgu\"",
            """
            agent.json:4:87: 'logLevel' must be one of trace, debug, info, notice, warning, error, critical, found 'debgu'
            hint: write "debug".
            """
        ),
        (
            "\"debug\"", "\"loud\"",
            "agent.json:4:87: 'logLevel' must be one of trace, debug, info, notice, warning, error, critical, found 'loud'"
        ),
        (
            "\"ca.pem\"", "7",
            "agent.json:2:25: 'tls.authority' must be a string, found the number 7"
        ),
    ])
    func `names the field of what it cannot use`(good: String, bad: String, text: String) throws {
        let error = #expect(throws: SettingsError.self) {
            try settings(Self.sample.replacing(good, with: bad))
        }
        #expect(error?.description == text)
    }

    @Test(arguments: ["a:1", "[::1]:7443", "0.0.0.0:0"])
    func `takes an address as it writes it`(text: String) {
        #expect(AgentSettings.ListenAddress(text)?.description == text)
    }

    @Test(arguments: ["", ":1", "a", "a:", "a:65536", "::1:7", "a:-1", "[]:1"])
    func `refuses what is no address and port`(text: String) {
        #expect(AgentSettings.ListenAddress(text) == nil)
    }
}
