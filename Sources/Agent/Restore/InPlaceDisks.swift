// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import AmandaFormat
import Catalog

/// Where disks go in place: only where this node's own disklist says. What a record says of it lies in a bucket, and is
/// compared, never followed.
///
/// On an empty machine the self-backup of the same restore brings the disklist: until then nothing is decided.
struct InPlaceDisks {
    let node: String
    /// As this node has them now.
    let configurations: [CheckedConfiguration]
    /// A self-backup of the same restore has yet to bring what is not there.
    let awaitsDisklists: Bool

    struct Decided {
        var disks: [RestorableDisk] = []
        var refused: [RestoreReport.Disk] = []
    }

    /// - Parameter amandaDirectory: of the agent; the self-backup's part of it goes there, whatever any file says.
    func decide(_ disks: [RestorableDisk], amandaDirectory: String) -> Decided {
        var decided = Decided()
        for var disk in disks {
            let isAmandas = disk.selfBackupPlace(amandaDirectory) != nil
            do throws(WireError) {
                if isAmandas {
                    try requireSame(disk)
                } else if let directory = try directory(of: disk) {
                    disk.device = directory
                } else {
                    disk.isUndecided = true
                }
                decided.disks.append(disk)
            } catch {
                decided.refused.append(disk.refused(error))
            }
        }
        return decided
    }

    /// What a record says of Amanda's own part leads only into it, and is compared where there is something to compare it with.
    private func requireSame(_ disk: RestorableDisk) throws(WireError) {
        guard let loaded = try? configurations.named(disk.configuration.name)?.loaded.get(),
            let entry = entry(of: disk, loaded)
        else { return }
        try requireSame(disk, entry)
    }

    private func entry(of disk: RestorableDisk, _ loaded: LoadedConfiguration) -> DisklistEntry? {
        loaded.disklist.entries.first {
            $0.diskName == disk.disk && (disk.host == nil || $0.host == disk.host)
        }
    }

    private func requireSame(_ disk: RestorableDisk, _ entry: DisklistEntry) throws(WireError) {
        let own = RestoreTarget.trimmed(entry.directory)
        guard let claimed = disk.device.map(RestoreTarget.trimmed), claimed != own else { return }
        throw WireError(
            .configuration, node: node, at: entry.place,
            "'\(disk.disk)' is '\(own)' on this node, and the run's record says '\(claimed)': it goes to neither",
            hint: "restore it to another place with '--to DIR', and look which is right.")
    }

    /// - Returns: nil: a disklist that is awaited will say.
    private func directory(of disk: RestorableDisk) throws(WireError) -> String? {
        let name = disk.configuration.name
        let loaded: LoadedConfiguration
        do {
            guard let checked = configurations.named(name) else {
                throw WireError(.configuration, "it is not one of the restore's")
            }
            loaded = try checked.loaded.get()
        } catch {
            if awaitsDisklists { return nil }
            throw WireError(
                .configuration, node: node,
                "'\(disk.disk)' goes in place only where the disklist of '\(name)' on this node says: "
                    + WireError(cause: error, node: node).message,
                hint:
                    "restore the self-backup too, which brings it, or restore to another place with '--to DIR'."
            )
        }
        guard let entry = entry(of: disk, loaded) else {
            throw WireError(
                .configuration, node: node,
                "the disklist of '\(name)' on this node names no '\(disk.name)': in place goes only what it names",
                hint: "write the disk into it, or restore to another place with '--to DIR'.")
        }
        try requireSame(disk, entry)
        return RestoreTarget.trimmed(entry.directory)
    }
}

extension RestorableDisk {
    /// `localhost /data`
    var name: String { (host.map { "\($0) " } ?? "") + disk }

    /// How it holds Amanda's own directory; nil: not as a self-backup.
    func selfBackupPlace(_ amandaDirectory: String) -> SelfBackupPlace? {
        guard configuration.role == .selfBackup else { return nil }
        return SelfBackupPlace(
            device: RestoreTarget.trimmed(device ?? disk),
            amandaDirectory: RestoreTarget.trimmed(amandaDirectory))
    }

    /// What the report says of a disk that is not restored.
    func refused(_ error: WireError) -> RestoreReport.Disk {
        var report = RestoreReport.Disk(configuration: configuration.name, disk: disk, target: "")
        report.error = error
        return report
    }
}
