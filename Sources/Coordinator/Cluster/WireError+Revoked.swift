// SPDX-License-Identifier: Apache-2.0

import AgentAPI

extension WireError {
    /// A node shows a certificate that is revoked: whoever has its key, it is not told anything.
    ///
    /// - Parameter agent: how the text calls it.
    init(revoked serial: String, node: String?, agent: String) {
        let name = node ?? "NAME"
        self.init(
            .authentication, node: node, "\(agent) shows a certificate that is revoked, serial \(serial)",
            hint:
                "give the node a new identity: 'amfleet node renew \(name) --folder DIRECTORY', and copy its files to the node."
        )
    }
}
