// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// What a console was given.
final class Shown: Sendable {
    private let pieces = Mutex<[String]>([])

    func add(_ piece: String) { pieces.withLock { $0.append(piece) } }

    var text: String { pieces.withLock { $0.joined() } }
}
