// SPDX-License-Identifier: Apache-2.0

public import AmandaFormat
import Files

/// What is read for a dump, and with what: the same for the dump itself and for the estimate of its size.
public struct DumpSource: Sendable {
    /// The disklist's host, verbatim, as headers and snapshots carry it.
    public var host: String
    /// The DLE as its XML describes it: level, properties, excludes.
    public var dle: DLEDescription
    /// The directory that is read, unless the application's DIRECTORY says otherwise.
    public var device: String
    /// The level whose snapshot an increment builds on. nil: the highest below its own, as amgtar takes it.
    public var baseLevel: Int?
    /// Holds what tar needs while it runs, in a directory of its own. nil: the system's temporary directory.
    public var workDirectory: String?

    /// `device` defaults to the DLE's device, or its disk name.
    public init(
        host: String, dle: DLEDescription, device: String? = nil, baseLevel: Int? = nil,
        workDirectory: String? = nil
    ) {
        self.host = host
        self.dle = dle
        self.device = device ?? dle.device ?? dle.disk
        self.baseLevel = baseLevel
        self.workDirectory = workDirectory
    }

    /// The directory that tar reads.
    func directory(_ options: TarOptions) throws(DumpError) -> String {
        let directory = options.directory ?? device
        guard FileSystem.isDirectory(directory) else {
            throw .noDirectory(
                path: directory,
                reason: FileSystem.exists(directory) ? "it is not a directory" : "it does not exist")
        }
        return directory
    }

    /// nil at level 0.
    ///
    /// - Throws: `DumpError.noSnapshot`: amgtar would quietly store everything, and call it an increment.
    func baseLevel(of snapshots: TarSnapshots) throws(DumpError) -> Int? {
        guard dle.level > 0 else { return nil }
        let base = baseLevel ?? snapshots.highestLevel(below: dle.level)
        guard let base, base < dle.level, snapshots.startedAt(level: base) != nil else {
            throw .noSnapshot(level: dle.level, base: baseLevel, directory: snapshots.directory)
        }
        return base
    }
}
