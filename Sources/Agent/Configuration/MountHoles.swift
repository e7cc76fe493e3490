// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import AmandaFormat
import BlockingWork
import Dump
import Faults
import Files

/// File systems that are mounted inside a configuration's disks and that none of its disks dumps, because tar stays on one file system.
///
/// What the kernel's mount table says is believed; the file systems themselves are only asked for their size, and for their device number, each
/// within a bound.
struct MountHoles: Sendable {
    private let entries: [DisklistEntry]
    private let looks: [DiskName: DiskLook]

    /// - Parameter looks: at all disks of the configuration.
    init(_ entries: [DisklistEntry], _ looks: [DiskName: DiskLook]) {
        self.entries = entries
        self.looks = looks
    }

    /// Of one disk, as things are mounted now; nil: nobody can say. Blocks, within a bound.
    func holes(of entry: DisklistEntry) -> [HoleRecord]? {
        guard let table = try? MountTable.current() else { return nil }
        return holes(of: entry, in: table)
    }

    func holes(of entry: DisklistEntry, in table: MountTable) -> [HoleRecord]? {
        holes(of: entry, in: table, besides: dumped(in: table))
    }

    /// The mounts that disks lie on.
    private func dumped(in table: MountTable) -> Set<Int> {
        Set(looks.values.compactMap { $0.place.flatMap { table.covering($0.directory) }?.id })
    }

    private func holes(
        of entry: DisklistEntry, in table: MountTable, besides dumped: Set<Int>
    ) -> [HoleRecord]? {
        guard let look = looks[entry.name], let place = look.place, let own = table.covering(place.directory)
        else { return nil }
        guard look.reach.staysOnOneFileSystem else { return [] }
        let candidates = table.inside(place.directory).filter { mount in
            guard !dumped.contains(mount.id), mount.holdsData(of: place.directory) else { return false }
            let path = mount.path.dropFirst(place.directory == "/" ? 1 : place.directory.count + 1)
            return look.part.holds(String(path)) && !look.begins(within: String(path))
                && !isOfInnerDisk(mount, entry, place.directory, own, table)
        }
        return sized(candidates, besides: place.device, own)
    }

    /// Of all disks, for `plan` and `status`: the same words for each. Grows with disks times mounts inside them.
    func remarks() -> [Remark] {
        guard let table = try? MountTable.current() else { return [] }
        let dumped = dumped(in: table)
        var seen: Set<String> = []
        return entries.flatMap { entry in
            (holes(of: entry, in: table, besides: dumped) ?? []).filter { seen.insert($0.path).inserted }.map
            { hole in
                Remark(
                    place: entry.place, subject: hole.text,
                    "is mounted inside disk '\(entry.diskName)', and no disk of the configuration dumps it")
            }
        }
    }

    /// Below a disk that lies inside this one it is that disk's own to tell.
    private func isOfInnerDisk(
        _ mount: Mount, _ entry: DisklistEntry, _ directory: String, _ own: Mount, _ table: MountTable
    ) -> Bool {
        looks.values.contains { look in
            guard let inner = look.place?.directory, inner != directory,
                MountTable.isWithin(inner, directory), MountTable.isWithin(mount.path, inner)
            else { return false }
            return table.covering(inner) != own
        }
    }

    /// What lies on the disk's own file system is in the archive, wherever it is mounted.
    private func sized(_ mounts: [Mount], besides device: UInt64, _ own: Mount) -> [HoleRecord] {
        let answers = PatientLook.all(mounts.map(\.path), what: "mount-look", limit: DiskLook.limit) { path in
            (device: try? FileSystem.deviceNumber(of: path), used: try? FileSystem.usedByteCount(at: path))
        }
        return mounts.compactMap { mount in
            let answer = answers[mount.path]
            let isOther = answer?.device.map { $0 != device } ?? (mount.device != own.device)
            guard isOther else { return nil }
            return HoleRecord(path: mount.path, fileSystem: mount.fileSystem, usedBytes: answer?.used)
        }
    }
}

extension Mount {
    /// File systems that the kernel or a running program makes up: nothing on them outlives a restart.
    private static let madeUp: Set<String> = [
        "autofs", "binfmt_misc", "bpf", "cgroup", "cgroup2", "configfs", "cpuset", "debugfs", "devpts",
        "devtmpfs", "efivarfs", "fuse.gvfsd-fuse", "fuse.lxcfs", "fuse.portal", "fusectl", "hugetlbfs",
        "mqueue", "nfsd", "nsfs", "proc", "pstore", "rpc_pipefs", "securityfs", "selinuxfs", "smackfs",
        "sysfs", "tracefs",
    ]
    /// Images that can only be read: the file that they come from is what is to be kept.
    private static let images: Set<String> = ["squashfs", "fuse.snapfuse"]
    /// In memory, where the system itself keeps what goes with a restart.
    private static let passing = [
        "/dev", "/proc", "/run", "/sys", "/var/lock", "/var/run", "/var/lib/kubelet/pods",
    ]
    private static let passingTops: Set<String> = ["/tmp", "/var/tmp"]
    /// What a container's runtime lays over the image's files at each start.
    private static let ofContainer: Set<String> = ["/etc/hostname", "/etc/hosts", "/etc/resolv.conf"]

    /// Whether anybody would miss it (Docs/DECISIONS.md, 41).
    ///
    /// - Parameter directory: of the disk: an overlay whose upper layer lies there is in its archive already.
    fileprivate func holdsData(of directory: String) -> Bool {
        if Self.madeUp.contains(fileSystem) || Self.images.contains(fileSystem) { return false }
        if Self.ofContainer.contains(path) { return false }
        switch fileSystem {
        case "tmpfs", "ramfs":
            return source != "shm" && !Self.passingTops.contains(path)
                && !Self.passing.contains { MountTable.isWithin(path, $0) }
        case "overlay":
            let upper = options.first { $0.hasPrefix("upperdir=") }?.dropFirst("upperdir=".count)
            return upper.map { !MountTable.isWithin(String($0), directory) } ?? false
        default: return true
        }
    }
}
