// SPDX-License-Identifier: Apache-2.0

public import AmandaFormat
import Files

/// What an increment builds on.
public enum DumpBase: Sendable, Equatable {
    /// The snapshot of that level: what a restore finds must be what tar compared with.
    case level(Int)
    /// The highest snapshot below its own level, whatever it is of, as amgtar takes it; where there is none, nothing. Good
    /// enough for an estimate.
    case highest
    /// Nothing: everything is stored, as amgtar does for a DLE whose full dumps are made by other means.
    case nothing
}

/// What is read for a dump, and with what: the same for the dump itself and for the estimate of its size.
public struct DumpSource: Sendable {
    /// The disklist's host, verbatim, as headers and snapshots carry it.
    public var host: String
    /// The DLE as its XML describes it: level, properties, excludes.
    public var dle: DLEDescription
    /// The directory that is read, unless the application's DIRECTORY says otherwise.
    public var device: String
    /// What an increment builds on; nil: it is refused.
    var base: DumpBase?
    /// Holds what tar needs while it runs, in a directory of its own. nil: the system's temporary directory.
    var workDirectory: String?

    /// `device` defaults to the DLE's device, or its disk name.
    public init(
        host: String, dle: DLEDescription, device: String? = nil, base: DumpBase? = nil,
        workDirectory: String? = nil
    ) {
        self.host = host
        self.dle = dle
        self.device = device ?? dle.device ?? dle.disk
        self.base = base
        self.workDirectory = workDirectory
    }

    /// The directory that tar reads.
    func directory(_ options: TarOptions) throws(DumpError) -> String {
        let directory = directory(asTold: options)
        if let fault = Self.fault(of: directory) { throw fault }
        return directory
    }

    /// The same without a look at it.
    func directory(asTold options: TarOptions) -> String { options.directory ?? device }

    /// Why a dump of a directory would fail; nil: it is there. Blocks.
    public static func fault(of directory: String) -> DumpError? {
        guard !FileSystem.isDirectory(directory) else { return nil }
        do {
            return .noDirectory(
                path: directory,
                reason: try FileSystem.isPresent(directory) ? "it is not a directory" : "it does not exist")
        } catch {
            return .noDirectory(path: directory, reason: error.reason)
        }
    }

    /// nil: tar begins with nothing, and stores everything.
    ///
    /// - Throws: `DumpError.noSnapshot`: amgtar would quietly store everything, and call it an increment.
    func baseLevel(of snapshots: TarSnapshots) throws(DumpError) -> Int? {
        guard dle.level > 0 else { return nil }
        switch base {
        case .nothing: return nil
        case .highest: return snapshots.highestLevel(below: dle.level)
        case .level(let base) where base < dle.level && snapshots.startedAt(level: base) != nil: return base
        case .level(let base):
            throw .noSnapshot(level: dle.level, base: base, directory: snapshots.directory)
        case nil: throw .noSnapshot(level: dle.level, base: nil, directory: snapshots.directory)
        }
    }
}
