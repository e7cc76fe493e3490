// SPDX-License-Identifier: Apache-2.0

import Descriptors
import Faults
import Synchronization

/// An agent that nobody asked, since this machine had no descriptors or memory left for a connection: that says nothing of the node.
struct NotAsked: Fault {
    /// How the text calls it: `the agent at 192.0.2.1:7443`.
    let agent: String
    /// The kernel's reason (`errno`).
    let number: Int32

    var facts: String { "\(agent) was not asked: this machine has \(SystemReason.text(number))" }
    var hint: String? { SystemReason.hint(number) }
}

/// Nodes that nobody asked, as far as a question to many of them has come.
final class NodesNotAsked: Sendable {
    private let names = Mutex<Set<String>>([])

    func contains(_ node: String) -> Bool { names.withLock { $0.contains(node) } }

    /// - Throws: what `ask` throws.
    func noting<Answer>(_ node: String, _ ask: () async throws -> Answer) async throws -> Answer {
        do {
            return try await ask()
        } catch let error as NotAsked {
            names.withLock { _ = $0.insert(node) }
            throw error
        }
    }
}
