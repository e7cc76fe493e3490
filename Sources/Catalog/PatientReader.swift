// SPDX-License-Identifier: Apache-2.0

import BlockingWork
import Files
import Synchronization

/// Reads files that may lie on a file system which does not answer: what a configuration includes, links to others.
///
/// Of several files in a directory that does not answer only the first is waited for.
final class PatientReader: Sendable {
    /// Bytes of one file; a disklist of 100,000 disks has fewer, and each costs many times its length while it is read.
    static let byteCountLimit = 16 << 20

    private let limit: Duration
    /// By directory, what did not answer there.
    private let silent = Mutex<[String: String]>([:])
    private let found = Mutex<[String]>([])

    /// - Parameter limit: for each file.
    init(limit: Duration) {
        self.limit = limit
    }

    /// What was there, each once, in the order of reading.
    var paths: [String] { found.withLock { $0 } }

    /// nil: there is none. Blocks, for twice the limit at most.
    ///
    /// - Throws: `FilesError`; `HangFault`.
    func contents(of path: String) throws -> [UInt8]? {
        let directory = FileSystem.parentDirectory(of: path)
        if let hung = silent.withLock({ $0[directory] }) { throw HangFault(hung, within: limit) }
        let looks = PatientLook.all([path], what: "configuration-look", limit: limit) {
            [byteCountLimit = Self.byteCountLimit] path -> Result<[UInt8]?, any Error> in
            Result { try FileSystem.isPresent(path) ? FileSystem.readAll(path, limit: byteCountLimit) : nil }
        }
        guard let look = looks[path] else {
            silent.withLock { $0[directory] = path }
            throw HangFault(path, within: limit)
        }
        let contents = try look.get()
        if contents != nil { found.withLock { if !$0.contains(path) { $0.append(path) } } }
        return contents
    }

    /// - Throws: also `CatalogError.missingFile`.
    func read(_ path: String) throws -> [UInt8] {
        guard let contents = try contents(of: path) else { throw CatalogError.missingFile(path: path) }
        return contents
    }
}
