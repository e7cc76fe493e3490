// SPDX-License-Identifier: Apache-2.0

import AmandaFormat
import Files
import Glibc

/// What tar needs on disk while it makes one archive: merged excludes and includes, and the snapshot.
///
/// The snapshot makes tar write the directory listings that Amanda's archives have. It is kept under amgtar's name if
/// the dump counts and is recorded; everything else goes in any case. Source: FORMAT.md sections 4.6 and 5.
struct TarWorkspace {
    let selection: TarSelection
    /// The snapshot while tar writes it.
    let newSnapshot: String
    private let snapshot: String?
    private let directory: String

    init(_ plan: DumpPlan, _ options: TarOptions, readFrom device: String) throws(FilesError) {
        let directory = try FileSystem.makeTemporaryDirectory(named: "amfleet-dump", in: plan.workDirectory)
        self.directory = directory
        do {
            selection = try TarSelection(plan.dle, device: device, workDirectory: directory)
            if plan.dle.isRecorded {
                try FileSystem.makeDirectories(options.snapshotDirectory, mode: 0o700)
                let name = "\(plan.host)\(sanitisedDiskName(plan.dle.disk))_\(plan.dle.level)"
                let path = "\(options.snapshotDirectory)/\(name)"
                snapshot = path
                newSnapshot = "\(path).new"
            } else {
                snapshot = nil
                newSnapshot = "\(directory)/snapshot"
            }
            try FileSystem.remove(newSnapshot)
            try FileSystem.writeAtomically(newSnapshot, [], mode: 0o600)
        } catch {
            try? FileSystem.removeTree(directory)
            throw error
        }
    }

    /// The dump counts: the snapshot of a recorded one gets its lasting name.
    func keepSnapshot() throws(FilesError) {
        if let snapshot { try FileSystem.rename(newSnapshot, to: snapshot) }
    }

    /// Whatever became of the dump.
    func remove() {
        try? FileSystem.remove(newSnapshot)
        try? FileSystem.removeTree(directory)
    }
}
