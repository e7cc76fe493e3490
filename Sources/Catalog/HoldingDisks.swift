// SPDX-License-Identifier: Apache-2.0

public import AmandaFormat
import BlockingWork
import Files

/// The holding disks of a configuration as a reader sees them: what lies there, ours and stock Amanda's.
///
/// A run's dumps lie in `<directory>/<datestamp>/`. Every call blocks.
public struct HoldingDisks: Sendable {
    private let directories: [String]

    /// - Parameter disks: of `amanda.conf`. One that is not there, or does not answer, holds nothing.
    public init(_ disks: [HoldingDisk]) {
        self.init(directories: disks.map(\.directory))
    }

    /// The same by their directories.
    public init(directories: [String]) {
        self.directories = directories
    }

    /// Every dump, whole or not, and every file that belongs to none. What is no chunk is passed over, and what does not answer.
    public func contents() throws -> HoldingContents {
        HoldingContents(try runDirectories().flatMap { try files(in: $0).found })
    }

    /// Removes a dump that has gone to a volume, or that nobody wants.
    ///
    /// The first chunk goes first: what a crash leaves behind is read by nobody. Empty run directories go as well.
    public func remove(_ dump: HeldDump) throws {
        var changed: Set<String> = []
        for (index, chunk) in dump.chunks.enumerated() {
            let directory = FileSystem.parentDirectory(of: chunk.path)
            try FileSystem.remove(chunk.path)
            if index == 0 { try FileSystem.synchroniseDirectory(directory) }
            changed.insert(directory)
        }
        for directory in changed {
            try FileSystem.synchroniseDirectory(directory)
            try? FileSystem.remove(directory)  // fails while anything else lies there
        }
    }

    /// Removes what a process of ours that died left behind in runs that nobody writes any more: chunks without their
    /// dump, those that it had not even given a header, and the process's id. Stock Amanda's unfinished dumps stay.
    ///
    /// - Parameter isOurs: whether a run was begun by this program.
    /// - Returns: the files that went.
    public func removeLeftovers(where isOurs: (Datestamp) -> Bool) throws -> [String] {
        let files = try runDirectories().map(files)
        // The dump of what looks like a stray may begin in a file that does not answer.
        guard files.allSatisfy(\.areAll) else { return [] }
        let strays = HoldingContents(files.flatMap(\.found)).strays
            .filter { isOurs($0.header.datestamp) && isLost($0) }.map(\.path)
        let begun = try runDirectories().filter { Self.run(of: $0).map(isOurs) ?? false }
            .flatMap(headlessChunks)
        guard !strays.isEmpty || !begun.isEmpty else { return [] }
        // Asked afterwards: whoever begins to write now has left its id before its first chunk.
        let living = Set(try runDirectories().filter(isBeingWritten))
        var removed: [String] = []
        for path in strays + begun where !living.contains(FileSystem.parentDirectory(of: path)) {
            try FileSystem.remove(path)
            removed.append(path)
        }
        for directory in Set(removed.map(FileSystem.parentDirectory)) {
            try FileSystem.remove("\(directory)/\(HoldingName.processFile)")
            try? FileSystem.remove(directory)
        }
        return removed
    }

    /// Whether nobody can want it: the chunk of a whole dump may look so while the holding disk that its first one lies on is not
    /// mounted, and then the run has no directory there.
    private func isLost(_ file: HeldFile) -> Bool {
        if file.isTemporary { return true }
        let others = directories.filter { !file.path.hasPrefix("\($0)/") }
        guard Set(answering).isSuperset(of: others) else { return false }
        return others.allSatisfy { FileSystem.isDirectory("\($0)/\(file.header.datestamp)") }
    }

    /// Chunks that were being begun: by their names, since they have no header yet.
    private func headlessChunks(in directory: String) throws -> [String] {
        try FileSystem.list(directory).filter { $0.hasSuffix(HoldingName.temporarySuffix) }.map {
            "\(directory)/\($0)"
        }.filter { try FileSystem.status($0)?.kind == .regular && file($0) == nil }
    }

    /// The run whose directory this is.
    private static func run(of directory: String) -> Datestamp? {
        directory.split(separator: "/").last.flatMap { Datestamp(String($0)) }
    }

    /// Those that are there, and answer.
    private var answering: [String] {
        let found = PatientLook.all(directories, what: "holding-look", limit: .seconds(3)) {
            FileSystem.isDirectory($0)
        }
        return directories.filter { found[$0] == true }
    }

    private func runDirectories() throws -> [String] {
        try answering.flatMap { directory -> [String] in
            try FileSystem.list(directory).filter { Datestamp($0) != nil }.map { "\(directory)/\($0)" }
                .filter { try FileSystem.status($0)?.kind == .directory }
        }
    }

    private func isBeingWritten(_ directory: String) throws -> Bool {
        let path = "\(directory)/\(HoldingName.processFile)"
        guard let bytes = try Self.contents(path),
            let pid = Int32(String(decoding: bytes, as: UTF8.self).prefix { $0.isNumber })
        else { return false }
        return RunningProcess.isAlive(pid)
    }

    /// nil: there is no such file. What cannot be read may say that somebody writes there.
    private static func contents(_ path: String) throws(FilesError) -> [UInt8]? {
        do throws(FilesError) {
            return try FileSystem.readAll(path, limit: 64)
        } catch {
            if error.isMissing { return nil }
            throw error
        }
    }

    private func files(in directory: String) throws -> (found: [HeldFile], areAll: Bool) {
        let paths = try FileSystem.list(directory).filter { $0 != HoldingName.processFile }
            .map { "\(directory)/\($0)" }
        let looks = PatientLook.all(paths, what: "holding-look", limit: .seconds(3)) { path in
            Result { try file(path) }
        }
        let found = try paths.compactMap { try looks[$0]?.get() }
        return (found, looks.count == paths.count)
    }

    /// nil: no chunk, or it went to a volume meanwhile.
    private func file(_ path: String) throws -> HeldFile? {
        guard try FileSystem.status(path)?.kind == .regular else { return nil }
        do {
            let file = try InputFile(path)
            let header = try DumpHeader(parsing: try file.head(DumpHeader.chunkHeaderByteCount))
            return HeldFile(path: path, header: header, byteCount: file.byteCount)
        } catch let error as FilesError where error.isMissing {
            return nil
        } catch is HeaderError {
            return nil
        }
    }
}
