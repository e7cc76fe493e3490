// SPDX-License-Identifier: Apache-2.0

/// What is known of a volume's rule without asking for the bucket's lifecycle configuration, which few may.
public enum LifecycleTrace: Sendable {
    /// No node has made rules in this bucket, or none for this volume.
    case none
    /// Nodes have made rules there, before they wrote down which.
    case unknown
    /// A node has made one, or seen one there.
    case recorded
}

extension LifecycleRules {
    /// What the lock's object tells: one small read, of an object that is not there where nobody has ever moved a volume.
    ///
    /// - Throws: `S3Error` of a store that is away; a node that may not read there has made no rule.
    public func trace(filesPrefix: String) async throws -> LifecycleTrace {
        do {
            guard let note = try await lock.note() else { return .none }
            guard let journal = LifecycleJournal(note.text) else { return .unknown }
            return journal.names(filesPrefix) ? .recorded : .none
        } catch let error as S3Error {
            if error.isUnreachable { throw error }
            return .none
        }
    }

    /// Whether a rule moves the volume's files. A store that knows no such rules has none.
    public func hasRule(filesPrefix: String) async throws -> Bool {
        do {
            return try await client.lifecycle().document.rules.contains { $0.onlyMoves(filesPrefix) }
        } catch S3Error.refused(_, 501, _) {
            return false
        }
    }
}
