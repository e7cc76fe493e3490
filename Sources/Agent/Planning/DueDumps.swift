// SPDX-License-Identifier: Apache-2.0

import AmandaFormat
import Catalog

/// The whole dumps on holding disks that a run sends by itself; `autoflush` as in `amanda.conf`: `YES` sends those of DLEs that
/// the run is of, `ALL` every one.
enum DueDumps {
    static func of(
        _ contents: HoldingContents, autoflush: String, disks: [(host: String, disk: String)]
    ) -> [HeldDump] {
        contents.dumps.filter { dump in
            guard dump.isWhole else { return false }
            switch autoflush {
            case "ALL": return true
            case "YES":
                return disks.contains { $0.host == dump.header.host && $0.disk == dump.header.disk }
            default: return false
            }
        }
    }

    /// By the configuration's own disks and `autoflush`; blocks.
    static func of(_ prepared: PreparedConfiguration) throws -> [HeldDump] {
        of(
            try HoldingDisks(prepared.configuration.holdingDisks).contents(),
            autoflush: prepared.configuration.autoflush,
            disks: prepared.entries.map { (host: $0.host, disk: $0.diskName) })
    }
}
