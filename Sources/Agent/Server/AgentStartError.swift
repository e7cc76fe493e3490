// SPDX-License-Identifier: Apache-2.0

public import AgentAPI
import Descriptors
public import Faults
import Glibc
import NIOCore

/// Why an agent cannot start.
public enum AgentStartError: Fault, Equatable {
    case notRoot(userID: UInt32)
    /// There is no `agent.json`.
    case noSettings(path: String)
    /// It is wrong, and where.
    case unusableSettings([WireError])
    /// Another agent holds the state directory, or the lock cannot be had.
    case stateInUse(directory: String, reason: FaultText)
    case cannotListen(AgentSettings.ListenAddress, reason: FaultText)
    /// No address of this machine.
    case foreignAddress(AgentSettings.ListenAddress)

    /// - Returns: nil unless the error is the kernel's refusal to listen.
    init?(serving address: AgentSettings.ListenAddress, _ error: any Error) {
        guard let error = error as? IOError else { return nil }
        self =
            error.errnoCode == EADDRNOTAVAIL
            ? .foreignAddress(address)
            : .cannotListen(
                address,
                reason: FaultText(
                    SystemReason.text(error.errnoCode), hint: SystemReason.hint(error.errnoCode)))
    }
}

extension AgentStartError {
    public var faults: [any Fault] {
        if case .unusableSettings(let faults) = self { faults } else { [self] }
    }

    public var facts: String { text.facts }
    public var hint: String? { text.hint }

    private var text: FaultText {
        switch self {
        case .notRoot(let userID):
            FaultText(
                "amfleetd needs root to read and restore every file, and runs as user \(userID)",
                hint: "start it with systemd or 'sudo amfleetd'.")
        case .noSettings(let path):
            FaultText(
                "no settings: '\(path)' does not exist",
                hint: "copy there what 'amfleet node add' made for this node, or name the file with --config."
            )
        case .unusableSettings(let faults):
            FaultText(faults.first?.message ?? "", hint: faults.first?.hint)
        case .stateInUse(let directory, let reason):
            FaultText(
                "the state directory '\(directory)' cannot be had: \(reason.facts)",
                hint: reason.hint
                    ?? "stop the agent that uses it, or give each agent a 'stateDirectory' of its own.")
        case .foreignAddress(let address):
            FaultText(
                "cannot listen on \(address): this machine has no such address",
                hint: "write one of its own, or 0.0.0.0, as 'listen' in agent.json.")
        case .cannotListen(let address, let reason):
            FaultText(
                "cannot listen on \(address): \(reason.facts)",
                hint: reason.hint
                    ?? "see with 'ss -ltnp' who listens there, or change 'listen' in agent.json, and with it the node's address in cluster.json."
            )
        }
    }
}
