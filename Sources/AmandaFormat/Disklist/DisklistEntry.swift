// SPDX-License-Identifier: Apache-2.0

import Faults

/// One disk to dump: a DLE.
public struct DisklistEntry: Sendable, Hashable {
    /// Verbatim: headers and logs carry it so.
    public let host: String
    /// The name under which the catalog keeps it.
    public let diskName: String
    /// The directory, where it differs from the name.
    public let device: String?
    /// With everything inherited and what stands in braces.
    public let dumptype: DumpType
    /// Disks of one spindle are not dumped at the same time; -1: no matter.
    public let spindle: Int
    /// The name of an interface; nil: `default`.
    public let interface: String?
    /// Where it stands.
    public let place: FaultPlace

    /// What to archive.
    public var directory: String { device ?? diskName }

    /// Whether the host is one of this node's own names. Case does not count, nor does a dot at the end.
    public func isHost(amongst ownNames: Set<String>) -> Bool {
        ownNames.contains { Self.folded($0) == Self.folded(host) }
    }

    private static func folded(_ name: String) -> String {
        let name = name.lowercased()
        return name.hasSuffix(".") ? String(name.dropLast()) : name
    }
}
