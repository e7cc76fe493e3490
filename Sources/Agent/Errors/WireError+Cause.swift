// SPDX-License-Identifier: Apache-2.0

import AgentAPI

extension WireError {
    /// Any failure of a node's work as it crosses the wire. The one place where causes become kinds.
    init(cause: any Error, node: String) {
        switch cause {
        case let error as WireError:
            self = error
            self.node = error.node ?? node
        case is CancellationError:
            self = JobRefusal.cancelled(node: node)
        default:
            self.init(.failed, node: node, text: "\(cause)")
        }
    }

    /// - Parameter text: a description of ours: facts, then perhaps a line `hint: …`.
    init(_ kind: Kind, node: String, text: String) {
        let mark = "\nhint: "
        guard let range = text.firstRange(of: mark) else {
            self.init(kind, node: node, text)
            return
        }
        self.init(
            kind, node: node, String(text[..<range.lowerBound]), hint: String(text[range.upperBound...]))
    }
}
