// SPDX-License-Identifier: Apache-2.0

/// The rules that move volumes to Glacier, in a lifecycle configuration that belongs to the whole bucket.
///
/// S3 only replaces that configuration as a whole, knows no condition for it, and may serve an old one for minutes. So one
/// writer of the cluster at a time reads it, holds it against what was last written (`LifecycleJournal`), changes its own
/// rules in it, writes it, and reads again whether they stand; a configuration that cannot be read is never written.
public struct LifecycleRules: Sendable {
    /// How long a configuration that is older than what was written is read again, and how far apart at most.
    var settling = (
        atEnd: Duration.seconds(60), underLock: Duration.seconds(10), pause: Duration.seconds(5)
    )

    let client: S3Client
    let lock: ObjectLock

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
        try await edit(filesPrefix, to: rule) { document in
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
    ///
    /// - Throws: `S3Error`: `.lifecycleLost` when the rule came back each time.
    public func forget(filesPrefix: String) async throws {
        try await edit(filesPrefix, to: nil) { document in
            guard document.rules.contains(where: { $0.onlyMoves(filesPrefix) }) else { return nil }
            var document = document
            try document.remove { $0.onlyMoves(filesPrefix) }
            return document
        }
    }
}
