// SPDX-License-Identifier: Apache-2.0

import AmandaFormat
import Dump
import Files
import Saturation

/// Goes through a catalog as it is after the dump, and looks for each of its files in the archives.
struct CatalogWalk: Sendable {
    struct Found: Sendable {
        var heldCount: Int64 = 0
        var heldByteCount: Int64 = 0
        var missingCount = 0
        /// Below the directory: the first in the order of their bytes.
        var firstMissing: [UInt8]?
    }

    /// Without links.
    let real: String
    let namePrefix: [UInt8]?
    let disks: SelfBackupDisks
    let archives: [DiskName: SelfBackupJudgement.Archive]

    /// Blocks for as long as the directory has names.
    func find() throws -> Found {
        var found = Found()
        let interest = ArchiveInterest.Tree(path: [], namePrefix: namePrefix)
        let top = Array(real == "/" ? "/".utf8 : "\(real)/".utf8)
        try FileSystem.forEachPath(below: real) { path, status in
            guard status.kind == .regular, interest.holds(path) else { return true }
            switch place(of: top + path, status) {
            case .held:
                found.heldCount += 1
                found.heldByteCount = found.heldByteCount.saturatingPlus(status.byteCount)
            case .changed: break
            case .missing:
                found.missingCount += 1
                if found.firstMissing.map({ path.lexicographicallyPrecedes($0) }) ?? true {
                    found.firstMissing = path
                }
            }
            return true
        }
        return found
    }

    private enum Place { case held, changed, missing }

    private func place(of path: [UInt8], _ status: FileStatus) -> Place {
        var hasChanged = false
        for disk in disks.all {
            let top = Array(disk.real == "/" ? "/".utf8 : "\(disk.real)/".utf8)
            guard path.starts(with: top) else { continue }
            switch archives[disk.name] {
            case .stays: return .held
            case .seen(let findings, let startedAt):
                if findings.holds(Array(path.dropFirst(top.count)), byteCount: status.byteCount) {
                    return .held
                }
                if status.changedAt >= startedAt { hasChanged = true }
            case nil: continue
            }
        }
        return hasChanged ? .changed : .missing
    }
}
