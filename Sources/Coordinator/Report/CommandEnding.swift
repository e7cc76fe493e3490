// SPDX-License-Identifier: Apache-2.0

import AgentAPI

/// How a command ended, which decides its exit code (Docs/OPERATIONS.md, "Exit codes").
public enum CommandEnding: String, Sendable, Codable, CaseIterable {
    /// Everything that was asked for is done on every node that was asked.
    case complete
    case failed
    /// The command line, `cluster.json` or a node's Amanda configuration cannot be used.
    case unusable
    /// Some nodes complete, the others named.
    case partial
    /// Every node has dumped everything, but some dumps lie on holding disks and not in the bucket yet.
    case held
    /// Every node has dumped everything, and some dumps are not believed to hold their disks, or their keys are not sealed.
    case suspect
    /// Another run holds the cluster.
    case busy
    /// A certificate, either side's.
    case unauthenticated
    /// The store refused or did not answer.
    case storage
    /// `status` found something wrong.
    case problem
    case cancelled

    /// What an error that ended a command means for it.
    public init(of error: any Error) {
        switch error {
        case is CancellationError: self = .cancelled
        case let error as CoordinatorError: self = error.ending
        case let fault as any Fault: self = Self(beforeStart: fault.kind)
        default: self = .failed
        }
    }

    /// What a failure of this kind means where nothing has begun.
    init(beforeStart kind: FaultKind) {
        switch kind {
        case .configuration, .unsupported: self = .unusable
        case .authentication: self = .unauthenticated
        case .storageRefused, .storageUnreachable: self = .storage
        case .busy: self = .busy
        case .cancelled: self = .cancelled
        case .agentLost, .failed, .interrupted, .damaged: self = .failed
        }
    }

    /// What the outcomes of all nodes that were asked mean together.
    ///
    /// - Parameter failures: one for each node that is not complete; nil where its reason is unknown.
    /// - Parameter isCancelled: by this command itself. What somebody else cancelled, the nodes say.
    init(completeNodes: Int, failures: [WireError?], isCancelled: Bool = false) {
        let areCancelled = !failures.isEmpty && failures.allSatisfy { $0?.kind == .cancelled }
        if isCancelled || areCancelled {
            self = .cancelled
        } else if failures.isEmpty {
            self = .complete
        } else if completeNodes > 0 {
            self = .partial
        } else {
            self = Self.oneCause(of: failures)
        }
    }

    /// 5 or 6 where every node failed for that one cause, 1 otherwise; what was cancelled is none of these.
    private static func oneCause(of failures: [WireError?]) -> CommandEnding {
        let kinds = failures.map { $0?.kind }
        if kinds.allSatisfy({ $0 == .authentication }) { return .unauthenticated }
        let isStorage = kinds.allSatisfy { $0 == .storageRefused || $0 == .storageUnreachable }
        return isStorage ? .storage : .failed
    }
}
