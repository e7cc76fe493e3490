// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import AmandaFormat

extension WireError {
    /// Every fault that a cause consists of.
    static func each(of cause: any Error, node: String) -> [WireError] {
        guard let error = cause as? ConfigurationError else { return [WireError(cause: cause, node: node)] }
        return error.faults.map { WireError($0, node: node) }
    }

    init(_ fault: ConfigurationFault, node: String) {
        self.init(.configuration, node: node, "\(fault.place): \(fault.what)", hint: fault.hint)
    }

    /// Several faults as one error; nil: there is none.
    init?(joining faults: [WireError]) {
        guard let first = faults.first else { return nil }
        self = first
        guard faults.count > 1 else { return }
        message = faults.map(\.message).joined(separator: "\n")
        hint = faults.lazy.compactMap(\.hint).first
    }
}
