// SPDX-License-Identifier: Apache-2.0

import AmandaFormat
import BlockingWork
import Files

/// What tar needs on disk while it makes one archive: merged excludes and includes, and the snapshot, which makes it write
/// the directory listings that Amanda's archives have.
///
/// All of it lies in a directory that only we can enter and that goes in any case; tar runs as root, and the directory of
/// the lasting snapshots belongs to the dumpuser. Source: Amanda 3.5.1
/// `application-src/amgtar.c`, `amgtar_get_incrname` and `amgtar_build_exinclude`.
struct TarWorkspace: Sendable {
    /// The directory that tar reads.
    let device: String
    /// The lasting ones of the disk.
    let snapshots: TarSnapshots
    let selection: TarSelection
    /// For `--exclude-from` and `--files-from`; nil: without.
    let excludeFile: String?
    let includeFile: String?
    /// A copy of the base, or empty, before tar runs; the new snapshot afterwards.
    let snapshot: String
    /// Of the directory that tar reads, just before it does; nil: nobody could say.
    let isMountPoint: Bool?
    let deviceNumber: UInt64?
    /// See `BaseSnapshot.copy`.
    let deviceNumberBefore: UInt64?
    private let directory: String

    /// Stats every directory that the base names.
    ///
    /// - Throws: `HangFault` besides.
    static func make(
        _ source: DumpSource, _ options: TarOptions, _ patience: Patience
    ) async throws -> TarWorkspace {
        let lists = [source.dle.exclude, source.dle.include].compactMap(\.self).flatMap(\.lists)
        let others = options.excludeFiles + lists.filter { $0.hasPrefix("/") }
        return try await runBlocking(
            "tar-workspace",
            asking: [source.directory(asTold: options), options.snapshotDirectory] + others, patience,
            late: { try? FileSystem.removeTree($0.directory) }
        ) { try TarWorkspace(source, options) }
    }

    private init(_ source: DumpSource, _ options: TarOptions) throws {
        device = try source.directory(options)
        snapshots = TarSnapshots(host: source.host, dle: source.dle, directory: options.snapshotDirectory)
        let directory = try FileSystem.makeTemporaryDirectory(named: "amfleet-dump", in: source.workDirectory)
        self.directory = directory
        snapshot = "\(directory)/snapshot"
        isMountPoint = try? MountTable.current().isMountPoint(FileSystem.resolved(device))
        deviceNumber = try? FileSystem.deviceNumber(of: device)
        var before: UInt64?
        do {
            selection = TarSelection(source.dle, device: device)
            (excludeFile, includeFile) = try selection.write(into: directory)
            try FileSystem.writeAtomically(snapshot, [], mode: 0o600)
            if let level = try source.baseLevel(of: snapshots) {
                let (base, lasting) = ("\(directory)/base", snapshots.path(level: level))
                try FileSystem.copy(lasting, to: base)
                do {
                    before = try BaseSnapshot.copy(
                        base, to: snapshot, directory: device, checksDevice: options.checksDevice)
                } catch DumpError.damagedSnapshot {
                    throw DumpError.damagedSnapshot(path: lasting)
                }
                try FileSystem.remove(base)
            }
            deviceNumberBefore = before
        } catch {
            try? FileSystem.removeTree(directory)
            throw error
        }
    }

    /// Whatever became of the dump.
    func remove() async {
        try? await runBlocking("tar-workspace") { try FileSystem.removeTree(directory) }
    }
}
