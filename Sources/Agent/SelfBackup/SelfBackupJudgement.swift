// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import AmandaFormat
import BlockingWork
import Digest
import Dump
import Files

/// Compares what archives hold with what a bootstrap needs.
struct SelfBackupJudgement {
    /// What is known of a disk's dump.
    enum Archive: Sendable {
        case seen(ArchiveFindings, startedAt: Int64)
        /// An earlier attempt of the run has made it, and found nothing missing.
        case stays(SelfBackupRecord)
    }

    private struct Reach {
        let real: String
        let disks: [SelfBackupDisks.Disk]
    }

    let disks: SelfBackupDisks
    let archives: [DiskName: Archive]
    /// As things were before the first dump began.
    let before: [String: BootstrapLook]
    let amandaDirectory: String
    private(set) var record = SelfBackupRecord()
    private(set) var gaps: [SelfBackupGap] = []

    init(
        disks: SelfBackupDisks, archives: [DiskName: Archive], before: [String: BootstrapLook],
        amandaDirectory: String
    ) {
        self.disks = disks
        self.archives = archives
        self.before = before
        self.amandaDirectory = amandaDirectory
    }

    /// Reads the settings again and walks the catalogs, which takes as long as they have names.
    ///
    /// - Throws: `CancellationError`.
    mutating func judge(_ needs: BootstrapNeeds) async throws {
        for case .seen(let findings, _) in archives.values {
            guard let fault = findings.fault else { continue }
            gaps.append(
                SelfBackupGap(path: amandaDirectory, reason: .unread, detail: "\(fault)"))
            return
        }
        judgeDirectory()
        let isDirectoryOutside = gaps.contains { $0.reason == .outside }
        let after = try await runBlocking("self-backup") {
            BootstrapLook.all(needs.files.map(\.path), limit: DiskLook.patientLimit)
        }
        let table = try await runBlocking("self-backup") { try? MountTable.current() }
        for file in needs.files {
            if isDirectoryOutside, MountTable.isWithin(file.path, amandaDirectory) { continue }
            judge(file, after: after[file.path], table)
        }
        for tree in needs.trees {
            if isDirectoryOutside, MountTable.isWithin(tree.path, amandaDirectory) { continue }
            try await judge(tree, table)
        }
    }

    /// Amanda's directory comes back out of one disk, without any link on the way.
    private mutating func judgeDirectory() {
        let places = disks.all.filter { MountTable.isWithin(amandaDirectory, $0.directory) }
        guard !places.isEmpty else {
            gaps.append(SelfBackupGap(path: amandaDirectory, reason: .outside))
            return
        }
        guard let trail = before[amandaDirectory]?.trail else {
            gaps.append(SelfBackupGap(path: amandaDirectory, reason: .silent))
            return
        }
        let isPlain = places.contains { disk in
            let rest = amandaDirectory.utf8.dropFirst(
                disk.directory == "/" ? 1 : disk.directory.utf8.count + 1)
            return disk.inside(trail.real).map { $0.elementsEqual(rest) } ?? false
        }
        guard !isPlain else { return }
        gaps.append(
            SelfBackupGap(
                path: amandaDirectory, reason: .directoryLinked,
                detail: trail.links.first { link in places.contains { $0.inside(link.path) != nil } }?.path
                    ?? trail.real))
    }

    private mutating func judge(_ file: BootstrapFile, after: BootstrapLook?, _ table: MountTable?) {
        guard var look = before[file.path] else {
            if file.duty == .always || disks.cover(file.path) {
                gaps.append(SelfBackupGap(path: file.path, reason: .silent))
            }
            return
        }
        // What the run itself has made first.
        if look.trail.status == nil, let after { look = after }
        guard let status = look.trail.status else { return }
        if file.duty == .unlessHarmless, look.isHarmless, !disks.cover(file.path) { return }
        if file.duty == .whereReached, !disks.cover(file.path) { return }
        guard status.kind == .regular else {
            gaps.append(SelfBackupGap(path: file.path, reason: .noFile))
            return
        }
        guard let reach = reach(file.path, look.trail) else { return }
        // Somebody has removed it meanwhile.
        if let after, after.trail.status == nil { return }
        var isThere = false
        for disk in reach.disks {
            switch archives[disk.name] {
            case .stays(let known):
                if let file = known.file(file.path) { record.files.append(file) }
                return
            case .seen(let findings, let startedAt):
                guard let inside = disk.inside(reach.real),
                    case .file(let byteCount, let digest)? = findings.members[inside]
                else { continue }
                isThere = true
                let found = SelfBackupFile(
                    path: file.path, byteCount: byteCount, sha256: digest?.hexadecimal)
                guard
                    Self.isSame(found, [look, after].compactMap(\.self))
                        || (file.kind == .catalog && Self.hasChanged(after ?? look, since: startedAt))
                else { continue }
                if record.files.count < SelfBackupRecord.fileLimit { record.files.append(found) }
                return
            case nil: continue
            }
        }
        gaps.append(
            isThere
                ? SelfBackupGap(path: file.path, reason: .different)
                : absence(file.path, reach, table))
    }

    private static func isSame(_ found: SelfBackupFile, _ looks: [BootstrapLook]) -> Bool {
        looks.contains { look in
            guard found.byteCount == look.trail.status?.byteCount else { return false }
            return found.sha256 == nil || look.digest == nil || found.sha256 == look.digest?.hexadecimal
        }
    }

    private static func hasChanged(_ look: BootstrapLook, since start: Int64) -> Bool {
        (look.trail.status?.changedAt ?? .max) >= start
    }

    /// Where a path leads, if that and every link on the way can be in an archive; a gap otherwise.
    private mutating func reach(_ path: String, _ trail: PathTrail) -> Reach? {
        guard disks.cover(path) else {
            gaps.append(SelfBackupGap(path: path, reason: .outside))
            return nil
        }
        for link in trail.links {
            let holders = disks.reaching(link.path)
            guard !holders.isEmpty, !holders.contains(where: { holds(link, in: $0) }) else { continue }
            gaps.append(SelfBackupGap(path: path, reason: .linkAbsent, detail: link.path))
            return nil
        }
        let reaching = disks.reaching(trail.real)
        guard !reaching.isEmpty else {
            gaps.append(SelfBackupGap(path: path, reason: .linked, detail: trail.real))
            return nil
        }
        return Reach(real: trail.real, disks: reaching)
    }

    private func holds(_ link: PathTrail.Link, in disk: SelfBackupDisks.Disk) -> Bool {
        switch archives[disk.name] {
        case .stays: true
        case .seen(let findings, _):
            disk.inside(link.path).flatMap { findings.members[$0] }
                == .symbolicLink(target: Array(link.target.utf8))
        case nil: false
        }
    }

    /// Whether it is for a file system that tar stays out of, or for anything else.
    private func absence(
        _ path: String, _ reach: Reach, _ table: MountTable?, more: Int? = nil
    ) -> SelfBackupGap {
        let mount = table?.covering(reach.real)
        let isMounted = mount.map { mount in
            reach.disks.allSatisfy { MountTable.isWithin(mount.path, $0.real) && mount.path != $0.real }
        }
        guard let mount, isMounted == true else {
            return SelfBackupGap(path: path, reason: .absent, moreCount: more)
        }
        return SelfBackupGap(path: path, reason: .mounted, detail: mount.path, moreCount: more)
    }
}

extension SelfBackupJudgement {
    private mutating func judge(_ tree: BootstrapTree, _ table: MountTable?) async throws {
        guard let look = before[tree.path] else {
            gaps.append(SelfBackupGap(path: tree.path, reason: .silent))
            return
        }
        guard look.trail.status?.kind == .directory, let reach = reach(tree.path, look.trail) else { return }
        let walk = CatalogWalk(
            real: reach.real, namePrefix: tree.namePrefix.map { Array($0.utf8) }, disks: disks,
            archives: archives)
        let found: CatalogWalk.Found
        do {
            found = try await runBlocking("self-backup", asking: [reach.real], .ofCatalog(.seconds(300))) {
                try walk.find()
            }
        } catch is HangFault {
            gaps.append(SelfBackupGap(path: tree.path, reason: .silent))
            return
        } catch {
            if error is CancellationError || Task.isCancelled { throw CancellationError() }
            // Removed meanwhile, as nobody but root can keep us out.
            return
        }
        record.trees.append(
            SelfBackupTree(path: tree.path, fileCount: found.heldCount, byteCount: found.heldByteCount))
        guard let first = found.firstMissing else { return }
        let path = "\(reach.real)/\(String(decoding: first, as: UTF8.self))"
        gaps.append(
            absence(
                path, Reach(real: path, disks: disks.reaching(path)), table,
                more: found.missingCount > 1 ? found.missingCount - 1 : nil))
    }
}
