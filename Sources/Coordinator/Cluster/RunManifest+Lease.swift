// SPDX-License-Identifier: Apache-2.0

import AgentAPI

extension RunManifest {
    /// False: whoever wrote it last as running had no lease, so that none tells whether they still work on it.
    var isLeased: Bool { fence != 0 }

    /// What brings it to its end, as it is typed: a store without conditional writes takes no `watch` that wants the lease.
    var watchCommand: String { "amfleet watch \(run)" + (isLeased ? "" : " --no-lease") }
}
