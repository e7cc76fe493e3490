// SPDX-License-Identifier: Apache-2.0

import XML

/// The rules that move volumes to Glacier, in a lifecycle configuration that belongs to the whole bucket.
///
/// S3 only replaces that configuration as a whole, and knows no condition for it. So one writer of the cluster at a time
/// reads it, changes its own rules in it, writes it, and reads again whether they stand; a configuration that cannot be
/// read is never written.
public struct LifecycleRules: Sendable {
    private static let attemptLimit = 5
    /// What is left of the lock's lease is too little to write in.
    private static let workLimit = Duration.seconds(60)

    private let client: S3Client
    private let lock: ObjectLock

    /// - Parameters:
    ///   - client: of the bucket that has the volumes.
    ///   - lockClient: of the bucket that has the lock: the cluster's, the same for all nodes.
    ///   - lockKey: one a bucket that has volumes.
    ///   - holder: who waits, for the others' messages.
    public init(client: S3Client, lockClient: S3Client, lockKey: String, holder: String) {
        self.client = client
        lock = ObjectLock(client: lockClient, key: lockKey, holder: holder)
    }

    /// Moves the volume's files to Glacier, `days` days after tomorrow's midnight UTC.
    ///
    /// - Parameters:
    ///   - filesPrefix: the slot's prefix and `f`.
    ///   - now: seconds since 1970; nil: by the store's clock.
    /// - Throws: `S3Error`: `.lifecycleFull` for 1,000 rules already, `.lifecycleLost` when others kept undoing it.
    public func moveToGlacier(
        label: String, filesPrefix: String, days: Int, now: Int64? = nil
    ) async throws {
        let rule = TransitionRule(
            label: label, prefix: filesPrefix, days: days, now: now ?? client.storeTime)
        try await edit { document in
            if document.holds(rule) { return nil }
            var document = document
            try document.remove { $0.onlyMoves(filesPrefix) }
            guard document.rules.count < LifecycleDocument.ruleLimit else {
                throw S3Error.lifecycleFull(bucket: client.location.bucket, label: label)
            }
            try document.append(rule)
            return document
        }
    }

    /// Takes the volume's rule away, ours or stock Amanda's, before the volume is written anew.
    public func forget(filesPrefix: String) async throws {
        guard try await client.lifecycle().document.rules.contains(where: { $0.onlyMoves(filesPrefix) })
        else {
            return
        }
        try await edit { document in
            guard document.rules.contains(where: { $0.onlyMoves(filesPrefix) }) else { return nil }
            var document = document
            try document.remove { $0.onlyMoves(filesPrefix) }
            return document
        }
    }

    /// - Parameter change: the document as it is to be; nil: nothing is left to do. Asked again after each write.
    private func edit(
        _ change: @escaping @Sendable (LifecycleDocument) throws -> LifecycleDocument?
    ) async throws {
        for _ in 0..<Self.attemptLimit {
            let isDone = try await lock.holding {
                let begun = ContinuousClock.now
                var stored = try await client.lifecycle()
                guard let changed = try change(stored.document) else { return true }
                guard ContinuousClock.now - begun < Self.workLimit else { return false }
                stored.document = changed
                try await client.setLifecycle(stored)
                return try change(try await client.lifecycle().document) == nil
            }
            if isDone { return }
        }
        throw S3Error.lifecycleLost(bucket: client.location.bucket)
    }
}

extension LifecycleDocument {
    /// The rule stands, whatever its id and form.
    fileprivate func holds(_ rule: TransitionRule) -> Bool {
        let texts = [false, true].flatMap { usesFilter in
            rules.filter { $0.onlyMoves(rule.prefix) }.map { rule.text(id: $0.id, usesFilter: usesFilter) }
        }
        let tree = texts.compactMap { try? XMLElement(parsing: Array($0.utf8)) }
        let present = (try? XMLElement(parsing: bytes))?.all("Rule") ?? []
        return present.contains { rule in tree.contains { $0.meansTheSame(as: rule) } }
    }
}

extension XMLElement {
    /// The same elements in any order; stores write their own blanks and dates without a fraction.
    fileprivate func meansTheSame(as other: XMLElement) -> Bool {
        guard name == other.name, elements.count == other.elements.count else { return false }
        if elements.isEmpty {
            return text.replacing(".000Z", with: "Z") == other.text.replacing(".000Z", with: "Z")
        }
        return elements.allSatisfy { element in other.elements.contains { $0.meansTheSame(as: element) } }
    }
}
