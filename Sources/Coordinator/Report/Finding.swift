// SPDX-License-Identifier: Apache-2.0

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
    public var what: String
    public var fix: String?

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
}
