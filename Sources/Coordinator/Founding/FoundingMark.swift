// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import Digest
import Files

/// Which files `amfleet init` is about to write, with the SHA-256 of each: `cluster.json.founding` beside `cluster.json` (0600).
///
/// There before the first of them, and until the last, `cluster.json`, is: where that is missing, nothing was ever signed for anybody or
/// sealed to the key, and what is still as it was written can go, so that `init` can be run again after it was cut short.
struct FoundingMark: Codable, Sendable {
    private static let byteCountLimit = 1 << 16
    /// A list of what was issued may have grown for years before somebody founds anew beside it.
    private static let fileByteCountLimit = 8 << 20

    private var format = WireJSON.format
    /// SHA-256, hexadecimal, by absolute path.
    private let files: [String: String]

    /// What is written, and where; nothing of it is there yet. Blocks, as everything here.
    init(_ files: [(path: String, bytes: [UInt8])]) {
        let digests = files.map { (CoordinatorFiles.absolute($0.path), SHA256.digest($0.bytes).hexadecimal) }
        self.files = Dictionary(digests) { first, _ in first }
    }

    /// Absolute, sorted.
    var paths: [String] { files.keys.sorted() }

    private static func path(_ file: ClusterFile) -> String { "\(file.path).founding" }

    static func isThere(_ file: ClusterFile) throws -> Bool { try FileSystem.isPresent(path(file)) }

    func keep(_ file: ClusterFile) throws {
        FileSystem.removeAbandoned([Self.path(file)])
        try FileSystem.writeExclusively(Self.path(file), try WireJSON.document(self), mode: 0o600)
    }

    /// All of it is there.
    static func end(_ file: ClusterFile) throws {
        FileSystem.removeAbandoned([path(file)])
        try FileSystem.remove(path(file))
    }

    /// The mark of a founding that was cut short; nil: of none.
    ///
    /// - Throws: `CoordinatorError.unreadable` for a mark that is none of ours.
    static func read(_ file: ClusterFile) throws -> FoundingMark? {
        guard try isThere(file) else { return nil }
        do {
            let bytes = try FileSystem.readAll(path(file), limit: byteCountLimit)
            return try WireJSON.read(from: bytes, what: "'\(path(file))'")
        } catch {
            throw CoordinatorError.unreadable(path: path(file), reason: FaultText(of: error))
        }
    }

    /// Whether all of it was written before the end came, this kit too.
    func isWhole(_ file: ClusterFile, kit: String?) -> Bool {
        Self.isWritten(CoordinatorFiles.absolute(file.path), files[CoordinatorFiles.absolute(file.path)])
            && kit.map { files[CoordinatorFiles.absolute($0)] != nil } ?? true
    }

    /// Takes away what came to no end. What was changed since, or was never written by it, stays.
    func undo(_ file: ClusterFile) throws {
        FileSystem.removeAbandoned(paths)
        if try !FileSystem.isPresent(file.path) { try removeFiles() }
        try Self.end(file)
    }

    private func removeFiles() throws {
        for (path, digest) in files.sorted(by: { $0.key < $1.key }) where Self.isWritten(path, digest) {
            try FileSystem.remove(path)
        }
    }

    private static func isWritten(_ path: String, _ digest: String?) -> Bool {
        let bytes = try? FileSystem.readAll(path, limit: fileByteCountLimit)
        return digest != nil && bytes.map { SHA256.digest($0).hexadecimal } == digest
    }
}
