// SPDX-License-Identifier: Apache-2.0

import AmandaFormat
import Dump
import Files

/// Where the disks of a self-backup lie, as the disklist has them and as the kernel does.
struct SelfBackupDisks: Sendable {
    struct Disk: Sendable {
        let name: DiskName
        /// As the disklist names it: a restore goes there, whatever directory tar reads in its place.
        let directory: String
        /// Without links.
        let real: String

        /// A path's bytes below the directory; nil: it lies elsewhere.
        func inside(_ path: String) -> [UInt8]? {
            guard MountTable.isWithin(path, real) else { return nil }
            return Array(path.utf8.dropFirst(real == "/" ? 1 : real.utf8.count + 1))
        }
    }

    let all: [Disk]

    /// Blocks, within a bound; what does not answer is taken as it is written.
    init(_ entries: [DisklistEntry]) {
        let directories = entries.map { RestoreTarget.trimmed($0.directory) }
        let looks = BootstrapLook.all(directories, limit: DiskLook.patientLimit)
        all = zip(entries, directories).map { entry, directory in
            Disk(
                name: entry.name, directory: directory,
                real: looks[directory]?.trail.real ?? directory)
        }
    }

    /// Those in whose archives a path without links can be.
    func reaching(_ real: String) -> [Disk] { all.filter { MountTable.isWithin(real, $0.real) } }

    /// Whether a path is in one of them as it is written, links or not: a link above a disk is the machine's own.
    func cover(_ path: String) -> Bool { all.contains { MountTable.isWithin(path, $0.directory) } }

    /// What is looked at in the archive of a disk.
    func interest(
        of disk: Disk, _ needs: BootstrapNeeds, _ looks: [String: BootstrapLook]
    ) -> ArchiveInterest {
        var interest = ArchiveInterest()
        for look in looks.values {
            for path in [look.trail.real] + look.trail.links.map(\.path) {
                if let inside = disk.inside(path) { interest.members.insert(inside) }
            }
            if let status = look.trail.status, status.kind == .regular, status.linkCount > 1 {
                interest.linkedByteCounts.insert(status.byteCount)
            }
        }
        for tree in needs.trees {
            guard let real = looks[tree.path]?.trail.real else { continue }
            if let inside = disk.inside(real) {
                interest.trees.append(.init(path: inside, namePrefix: tree.namePrefix.map { Array($0.utf8) }))
            } else if tree.namePrefix == nil, MountTable.isWithin(disk.real, real) {
                interest.trees.append(.init(path: []))
            }
        }
        return interest
    }
}
