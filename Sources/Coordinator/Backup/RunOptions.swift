// SPDX-License-Identifier: Apache-2.0

/// What of the cluster a backup, a plan or a flush is of.
public struct RunOptions: Sendable {
    /// Empty: all.
    public var nodes: [String]
    /// Empty: all.
    public var configurations: [String]
    public var isLeased: Bool

    public init(nodes: [String] = [], configurations: [String] = [], isLeased: Bool = true) {
        self.nodes = nodes
        self.configurations = configurations
        self.isLeased = isLeased
    }

    /// As an operator writes them, for the manifest.
    var flags: [String] {
        nodes.map { "--node \($0)" } + configurations.map { "--configuration \($0)" }
            + (isLeased ? [] : ["--no-lease"])
    }

    func selection(of cluster: Cluster) throws -> Selection {
        try Selection(cluster.file, nodes: nodes, configurations: configurations)
    }
}
