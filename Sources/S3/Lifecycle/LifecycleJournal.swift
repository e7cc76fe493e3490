// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Saturation

/// What the cluster last wrote into a bucket's lifecycle configuration. It lies in the object that lets one node in at a
/// time, and that is always read as it was last written: the configuration itself S3 may serve as it was minutes ago.
struct LifecycleJournal: Codable, Equatable {
    /// How long a configuration that was replaced may still be served, in seconds. AWS names no limit and speaks of
    /// minutes; so this is a guess on the long side.
    static let memory: Int64 = 1800

    /// A configuration that a later one has replaced.
    struct Replaced: Codable, Equatable {
        let digest: String
        let at: Int64
    }

    /// What was done to one volume.
    struct Change: Codable, Equatable {
        let prefix: String
        /// nil: its rule was taken away.
        let rule: TransitionRule?
        let at: Int64
    }

    /// The whole configuration as it was last written or seen.
    private(set) var document: Data
    private(set) var at: Int64
    private var replaced: [Replaced] = []
    private var changes: [Change] = []

    /// A configuration that stands already.
    init(_ document: LifecycleDocument, at now: Int64) {
        self.document = Data(document.bytes)
        at = now
    }

    /// From the lock; nil: there is none that can be read, as before this was written.
    init?(_ note: String?) {
        guard let note, let read = try? JSONDecoder().decode(Self.self, from: Data(note.utf8)) else {
            return nil
        }
        self = read
    }

    /// One line of text.
    var note: String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return (try? encoder.encode(self)).map { String(decoding: $0, as: UTF8.self) } ?? ""
    }

    /// The configuration as it was last written; nil: it cannot be read any more.
    var written: LifecycleDocument? { try? LifecycleDocument(parsing: Array(document)) }

    /// Whether a rule moved the volume's files when a node last looked.
    func names(_ prefix: String) -> Bool {
        written?.rules.contains { $0.onlyMoves(prefix) } == true
            || changes.last { $0.prefix == prefix }?.rule != nil
    }
}

// What a configuration that was read is worth.
extension LifecycleJournal {
    enum Age {
        /// As last written, or changed by others since.
        case current
        /// One that has been replaced: S3 is late, or somebody has put it back.
        case replaced
        /// It lacks what was done lately, and nobody here has seen it: S3 is late, or somebody has overwritten it.
        case unknown
    }

    func age(of read: LifecycleDocument, now: Int64) -> Age {
        let digest = read.digest
        guard at > now.saturatingMinus(Self.memory), written?.digest != digest else { return .current }
        if replaced.contains(where: { $0.digest == digest && $0.at > now.saturatingMinus(Self.memory) }) {
            return .replaced
        }
        return changes.allSatisfy { $0.at <= now.saturatingMinus(Self.memory) || $0.stands(in: read) }
            ? .current : .unknown
    }

    /// What was done lately, done to `read`.
    func applied(to read: LifecycleDocument, now: Int64) throws -> LifecycleDocument {
        var document = read
        for change in changes
        where change.at > now.saturatingMinus(Self.memory) && !change.stands(in: document) {
            try document.remove { $0.onlyMoves(change.prefix) }
            if let rule = change.rule { try document.append(rule) }
        }
        return document
    }
}

// What is written down.
extension LifecycleJournal {
    /// Before `next` replaces what was read.
    func replacing(
        _ read: LifecycleDocument, by next: LifecycleDocument, _ change: Change
    ) -> LifecycleJournal {
        var journal = self
        let old = [read.digest, written?.digest].compactMap(\.self).filter { $0 != next.digest }
        journal.replaced =
            replaced.filter {
                $0.at > change.at.saturatingMinus(Self.memory) && $0.digest != next.digest
                    && !old.contains($0.digest)
            }
            + Set(old).sorted().map { Replaced(digest: $0, at: change.at) }
        journal.changes =
            changes.filter { $0.at > change.at.saturatingMinus(Self.memory) && $0.prefix != change.prefix }
            + [change]
        journal.document = Data(next.bytes)
        journal.at = change.at
        return journal
    }

    /// Others have changed it since; nothing of ours is to be done.
    func seeing(_ read: LifecycleDocument) -> LifecycleJournal {
        var journal = self
        journal.document = Data(read.bytes)
        return journal
    }
}

extension LifecycleJournal.Change {
    fileprivate func stands(in document: LifecycleDocument) -> Bool {
        if let rule { return document.holds(rule) }
        return !document.rules.contains { $0.onlyMoves(prefix) }
    }
}
