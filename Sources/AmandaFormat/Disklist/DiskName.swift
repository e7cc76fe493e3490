// SPDX-License-Identifier: Apache-2.0

/// How the disklist, curinfo and the logs name a DLE.
public struct DiskName: Hashable, Comparable, Sendable, CustomStringConvertible {
    /// Verbatim, as in the disklist.
    public var host: String
    public var disk: String

    public init(host: String, disk: String) {
        self.host = host
        self.disk = disk
    }

    public var description: String { "\(host):\(disk)" }

    public static func < (left: DiskName, right: DiskName) -> Bool {
        (left.host, left.disk) < (right.host, right.disk)
    }
}

extension DisklistEntry {
    public var name: DiskName { DiskName(host: host, disk: diskName) }
}
