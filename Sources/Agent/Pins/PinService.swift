// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import BlockingWork
import Catalog

/// Answers a request for marks: each configuration's tapelist by itself, so that one that cannot be read keeps no other from its marks.
struct PinService: Sendable {
    let settings: AgentSettings

    /// Never fails: what could not be marked is an error inside the answer.
    func mark(_ request: PinRequest) async -> NodePins {
        var configurations: [ConfigurationPins] = []
        for name in request.configurations {
            configurations.append(await mark(name, request.protection))
        }
        return NodePins(node: settings.node, configurations: configurations)
    }

    private func mark(_ name: String, _ protection: RunProtection) async -> ConfigurationPins {
        do {
            let directory = "\(settings.amandaDirectory)/\(name)"
            let location = try await runBlocking("pins", asking: [directory]) { [settings] in
                try ConfigurationDirectory(root: settings.amandaDirectory, name: name).load().location
            }
            let change = try await runBlocking("pins", asking: location.directories, location.patience) {
                try PinMarks(location: location).agree(with: protection)
            }
            return ConfigurationPins(name: name, marked: change.marked, freed: change.freed)
        } catch {
            return ConfigurationPins(name: name).with(WireError.all(cause: error, node: settings.node))
        }
    }
}
