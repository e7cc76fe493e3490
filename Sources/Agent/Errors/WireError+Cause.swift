// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import Catalog
import Faults

extension WireError {
    /// Every fault of a failure of a node's work, as it crosses the wire; at least one.
    static func all(cause: any Error, node: String) -> [WireError] {
        switch cause {
        case is CancellationError:
            return [JobRefusal.cancelled(node: node)]
        case CatalogError.notNewest(_, let newest, _):
            var error = WireError(of: cause, node: node)
            error.newestRun = newest
            return [error]
        default:
            return all(of: cause, node: node)
        }
    }

    /// The first of them, for what has room for one.
    init(cause: any Error, node: String) {
        self = Self.all(cause: cause, node: node).first ?? WireError(of: cause, node: node)
    }

    /// Whether the store itself is at fault, so that going on with the next disk would only meet it again.
    var concernsWholeStore: Bool { reach == .wholeStore }
}
