// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// Whether the store is seen to delete many objects by one request.
final class DeletionPractice: Sendable {
    private let refusesMany = Mutex(false)

    /// Each key needs a request of its own.
    var isSingle: Bool { refusesMany.withLock { $0 } }

    func noteRefusal() {
        refusesMany.withLock { $0 = true }
    }
}
