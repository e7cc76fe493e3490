// SPDX-License-Identifier: Apache-2.0

public import AgentAPI

/// Something wrong, or something to know.
public struct Finding: Sendable, Encodable, Equatable {
    public enum Weight: String, Sendable, Encodable {
        /// Exit code 7.
        case problem
        case remark
    }

    public var weight: Weight
    /// Nil: the cluster as a whole.
    public var node: String?
    /// Nil: the node as a whole.
    public var configuration: String?
    /// With the place's text before it.
    public var what: String
    public var fix: String?
    /// A line or file to look at.
    public var place: FaultPlace?
    /// The remark as it was made, for what is grouped; nil: of other origin.
    public var remark: Remark?

    init(
        _ weight: Weight, node: String? = nil, configuration: String? = nil, _ what: String,
        fix: String? = nil
    ) {
        self.weight = weight
        self.node = node
        self.configuration = configuration
        self.what = what
        self.fix = fix
    }

    init(_ fault: WireError, node: String?, configuration: String? = nil) {
        self.init(.problem, node: node, configuration: configuration, fault.message, fix: fault.hint)
        if fault.place != nil { place = fault.at(node: node, configuration: configuration).place }
    }

    /// A remark of a run's record, which names a configuration and perhaps a disk.
    init(_ remark: Remark, ofRun node: String) {
        self.init(remark, node: node, configuration: remark.place?.configuration)
        if let disk = remark.place?.disk { self.configuration = configuration.map { "\($0) \(disk)" } }
    }

    init(_ remark: Remark, node: String?, configuration: String? = nil) {
        self.init(.remark, node: node, configuration: configuration, remark.description)
        self.remark = remark
        place = remark.place
    }
}
