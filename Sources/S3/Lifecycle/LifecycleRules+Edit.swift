// SPDX-License-Identifier: Apache-2.0

import LogOutput
import Logging

extension LifecycleRules {
    private static let attemptLimit = 5
    /// What is left of the lock's lease is too little to write in.
    private static let workLimit = Duration.seconds(60)

    /// What one turn under the lock came to.
    private enum Turn {
        case nothingToDo
        case written
        /// It took too long.
        case tooLate
    }

    /// - Parameters:
    ///   - rule: the volume's, as it is to be; nil: none.
    ///   - change: the document as it is to be; nil: nothing is left to do. Asked again after each write.
    func edit(
        _ prefix: String, to rule: TransitionRule?,
        _ change: @escaping @Sendable (LifecycleDocument) throws -> LifecycleDocument?
    ) async throws {
        for _ in 0..<Self.attemptLimit {
            let turn = try await lock.holding { held in try await takeTurn(held, prefix, rule, change) }
            switch turn {
            case .nothingToDo: return
            case .written: if try await isSeen(change) { return }
            case .tooLate: break
            }
        }
        throw S3Error.lifecycleLost(bucket: client.location.bucket)
    }

    private func takeTurn(
        _ held: ObjectLock.Held, _ prefix: String, _ rule: TransitionRule?,
        _ change: (LifecycleDocument) throws -> LifecycleDocument?
    ) async throws -> Turn {
        let begun = ContinuousClock.now
        let journal = LifecycleJournal(held.note)
        let read = try await client.lifecycle()
        var (stored, isLate) = try await current(journal, read)
        let seen = stored
        if isLate, let journal { stored.document = try repaired(seen.document, by: journal) }
        let changed = try change(stored.document)
        guard changed != nil || isLate else {
            if let journal, journal.written?.digest != stored.document.digest {
                try await held.keep(journal.seeing(stored.document).note)
            }
            return .nothingToDo
        }
        guard ContinuousClock.now - begun < Self.workLimit else { return .tooLate }
        stored.document = changed ?? stored.document
        let now = client.storeTime
        let next = (journal ?? LifecycleJournal(seen.document, at: now)).replacing(
            seen.document, by: stored.document, .init(prefix: prefix, rule: rule, at: now))
        // First what is meant: whoever is next then does what we could not any more.
        try await held.keep(next.note)
        do {
            try await client.setLifecycle(stored)
        } catch let error as S3Error where !error.isUnreachable {
            try await held.keep(journal?.note)
            throw error
        }
        return .written
    }

    /// Reads again until what comes is not older than what was written, or `settling` is over.
    private func current(
        _ journal: LifecycleJournal?, _ first: StoredLifecycle
    ) async throws -> (StoredLifecycle, isLate: Bool) {
        guard let journal else { return (first, false) }
        var stored = first
        var pause = Pause(limit: settling.underLock, longest: settling.pause)
        while journal.age(of: stored.document, now: client.storeTime) != .current {
            guard try await pause.next() else {
                client.logger.info(
                    "the lifecycle configuration is older than what was written",
                    metadata: ["bucket": "\(client.location.bucket)"])
                return (stored, true)
            }
            stored = try await client.lifecycle()
        }
        return (stored, false)
    }

    private func repaired(
        _ read: LifecycleDocument, by journal: LifecycleJournal
    ) throws -> LifecycleDocument {
        let now = client.storeTime
        if journal.age(of: read, now: now) == .replaced, let written = journal.written { return written }
        return try journal.applied(to: read, now: now)
    }

    /// Whether what was written is served before `settling` is over.
    private func isSeen(_ change: (LifecycleDocument) throws -> LifecycleDocument?) async throws -> Bool {
        var pause = Pause(limit: settling.atEnd, longest: settling.pause)
        while try change(try await client.lifecycle().document) != nil {
            guard try await pause.next() else { return false }
        }
        return true
    }
}

/// Waits that grow from a fifth of a second, up to a limit on all of them.
private struct Pause {
    private var delay = Duration.milliseconds(200)
    private let longest: Duration
    private let deadline: ContinuousClock.Instant

    init(limit: Duration, longest: Duration) {
        self.longest = longest
        deadline = .now + limit
    }

    /// False: the limit is reached.
    mutating func next() async throws -> Bool {
        let left = deadline - .now
        guard left > .zero else { return false }
        try await Task.sleep(for: min(delay, left))
        delay = min(delay * 2, longest)
        return true
    }
}
