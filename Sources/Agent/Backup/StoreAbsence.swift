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

/// The stores that were found away before the first byte, and by whom.
///
/// Who has a holding disk gives up after `limits.holdAfter`. For the time being that holds for the others too, so that dumps are held
/// while there is time; it is no verdict on those that wait for `limits.storageOutage`: they ask once more when it is their turn.
struct StoreAbsences {
    private var found: [StoreKey: (error: any Error, isHasty: Bool)] = [:]

    /// How the configuration's store is away, whoever found it.
    subscript(prepared: PreparedConfiguration) -> (any Error)? { found[StoreKey(prepared)]?.error }

    /// Whether it was found by one that waits less long than this one does.
    func isHasty(for prepared: PreparedConfiguration) -> Bool {
        !prepared.mayHold && found[StoreKey(prepared)]?.isHasty == true
    }

    mutating func note(_ error: any Error, by prepared: PreparedConfiguration) {
        let key = StoreKey(prepared)
        if found[key] == nil || !prepared.mayHold { found[key] = (error, prepared.mayHold) }
    }
}
