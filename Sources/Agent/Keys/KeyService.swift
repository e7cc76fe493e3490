// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import BlockingWork
import Catalog
import Files

/// Answers a request for keys: one key for each dumpuser of the configurations that it names.
struct KeyService: Sendable {
    let settings: AgentSettings

    /// - Throws: `WireError`; keys that were made before the failure are named in it and stay.
    func create(_ request: KeyRequest) async throws -> NodeKeys {
        var users: [UserAccount] = []
        for name in request.configurations {
            let user = try await runBlocking("configurations") { [settings] in
                try ConfigurationDirectory(root: settings.amandaDirectory, name: name).load().dumpuser
            }
            if !users.contains(where: { $0.name == user.name }) { users.append(user) }
        }
        guard !users.isEmpty else {
            throw WireError(.configuration, node: settings.node, "the request names no configuration")
        }
        var keys: [NodeKey] = []
        for user in users {
            do {
                keys.append(try await KeyCreation(node: settings.node, user: user).run())
            } catch {
                var failure = WireError(cause: error, node: settings.node)
                if !keys.isEmpty {
                    failure.message += " (made: \(keys.map(\.keyPath).joined(separator: ", ")))"
                }
                throw failure
            }
        }
        return NodeKeys(node: settings.node, keys: keys)
    }
}
