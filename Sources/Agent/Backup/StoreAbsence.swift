// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import AmandaFormat
import S3
import Synchronization

/// Whether a store has been found away in this job, and how.
final class StoreAbsence: Sendable {
    private let found = Mutex<(any Error)?>(nil)

    var error: (any Error)? { found.withLock { $0 } }

    func note(_ error: any Error) {
        found.withLock { $0 = $0 ?? error }
    }

    /// It is there again.
    func end() {
        found.withLock { $0 = nil }
    }
}

/// What configurations have in common where a fault of the whole store concerns them all: a bucket that is missing or a key that is
/// not taken says nothing of another.
struct StoreKey: Hashable {
    /// nil: the cluster's own store.
    let record: StoreRecord?
    private let buckets: Set<String>
    private let accessKeyID: String?

    init(_ prepared: PreparedConfiguration) {
        record = prepared.store.record
        buckets = Set(prepared.changer.devices.compactMap { $0.bucketPath?.bucket })
        accessKeyID = prepared.store.credentials?.accessKeyID
    }
}
