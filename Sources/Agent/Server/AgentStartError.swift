// SPDX-License-Identifier: Apache-2.0

public import AgentAPI
import Glibc
import NIOCore

/// Why an agent cannot start.
public enum AgentStartError: Error, Sendable, Equatable {
    case notRoot(userID: UInt32)
    /// `agent.json` is absent or wrong; the text says where.
    case unusableSettings(String)
    /// Another agent holds the state directory, or the lock cannot be had.
    case stateInUse(directory: String, reason: String)
    case cannotListen(AgentSettings.ListenAddress, reason: String)
    /// No address of this machine.
    case foreignAddress(AgentSettings.ListenAddress)

    /// - Returns: nil unless the error is the kernel's refusal to listen.
    init?(serving address: AgentSettings.ListenAddress, _ error: any Error) {
        guard let error = error as? IOError else { return nil }
        self =
            error.errnoCode == EADDRNOTAVAIL
            ? .foreignAddress(address)
            : .cannotListen(address, reason: String(cString: strerror(error.errnoCode)))
    }
}

extension AgentStartError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .notRoot(let userID):
            """
            amfleetd needs root to read and restore every file, and runs as user \(userID)
            hint: start it with systemd or 'sudo amfleetd'.
            """
        case .unusableSettings(let reason): reason
        case .stateInUse(let directory, let reason):
            """
            the state directory '\(directory)' cannot be had: \(reason)
            hint: stop the agent that uses it, or give each agent a 'stateDirectory' of its own.
            """
        case .foreignAddress(let address):
            """
            cannot listen on \(address): this machine has no such address
            hint: write one of its own, or 0.0.0.0, as 'listen' in agent.json.
            """
        case .cannotListen(let address, let reason):
            """
            cannot listen on \(address): \(reason)
            hint: see with 'ss -ltnp' who listens there, or change 'listen' in agent.json.
            """
        }
    }
}
