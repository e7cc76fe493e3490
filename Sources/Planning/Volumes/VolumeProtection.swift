// SPDX-License-Identifier: Apache-2.0

public import AmandaFormat

/// Why the cluster keeps a volume that the node's own rules might give up.
public struct VolumeProtection: Hashable, Sendable, CustomStringConvertible {
    /// Whose data it is.
    public var run: Datestamp
    /// An operator wants it kept; otherwise it is the newest run that every node can have back.
    public var isPinned: Bool

    public init(run: Datestamp, isPinned: Bool) {
        self.run = run
        self.isPinned = isPinned
    }

    public var description: String {
        isPinned ? "run \(run), which is pinned" : "run \(run), the newest that every node can have back"
    }
}

/// What of the retention is left where protected volumes leave too few slots.
public struct RetentionShortfall: Hashable, Sendable, CustomStringConvertible {
    /// So many of the newest volumes `tapecycle` or the policy keep.
    public var asked: Int
    /// So many of these this run leaves.
    public var left: Int
    /// What stands in the way, oldest run first.
    public var protections: [VolumeProtection]

    init(asked: Int, left: Int, protections: [VolumeProtection]) {
        self.asked = asked
        self.left = left
        self.protections = protections
    }

    public var description: String {
        let runs = protections.map(\.description).joined(separator: ", and ")
        return
            "retention: \(left) of the newest \(asked) volumes \(left == 1 ? "is" : "are") left after this run, "
            + "because \(runs), \(protections.count == 1 ? "is" : "are") not overwritten; add slots to tpchanger"
    }
}
