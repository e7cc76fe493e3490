// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import Files
import FoundationEssentials

/// What this coordinator has sealed last, so that it knows when something of it has changed: `sealed.json` beside `ca.pem` (0600).
///
/// Lost, everything is sealed anew. With the fingerprints stands their key, so it is no more secret than the files that lie beside it.
struct CoordinatorSeal: Codable, Sendable, Equatable {
    var format = WireJSON.format
    /// Of the object, hexadecimal.
    var sha256: String
    /// Of an object that was about to take its place: where a process was killed in between, nobody knows whether it did.
    var pending: String?
    var sealedAt: Date
    /// Fingerprints of the certificates that it is sealed to.
    var recipients: [String]
    var fingerprintKey: String
    var files: [SealedFileRecord]

    private static let byteCountLimit = 1 << 20

    /// For whoever only tells of it. Blocks.
    ///
    /// - Returns: nil where nothing was ever sealed here, or nobody knows any more.
    static func last(_ file: ClusterFile) -> CoordinatorSeal? { try? known(file) }

    /// Before something is sealed over what lies in the bucket. Blocks.
    ///
    /// - Returns: nil where nothing was ever sealed here, or what is written of it is damaged.
    /// - Throws: `CoordinatorError.unreadable`: whose it is would be taken for unknown.
    static func known(_ file: ClusterFile) throws -> CoordinatorSeal? {
        let bytes: [UInt8]
        do {
            guard try FileSystem.isPresent(file.sealPath) else { return nil }
            bytes = try FileSystem.readAll(file.sealPath, limit: byteCountLimit)
        } catch {
            throw CoordinatorError.unreadable(path: file.sealPath, reason: FaultText(of: error))
        }
        return try? WireJSON.read(CoordinatorSeal.self, from: bytes, what: "'\(file.sealPath)'")
    }

    /// Blocks.
    func keep(_ file: ClusterFile) throws {
        FileSystem.removeAbandoned([file.sealPath])
        try FileSystem.writeAtomically(file.sealPath, try WireJSON.document(self), mode: 0o600)
    }

    /// Files that are other than they were, new or gone; sorted.
    func changed(_ now: [SealedFile]) -> [(path: String, kind: SealedFile.Kind)] {
        let before = Dictionary(files.map { ($0.path, $0) }) { first, _ in first }
        let present = Set(now.map(\.path))
        let changed = now.filter { before[$0.path]?.fingerprint != $0.fingerprint(key: fingerprintKey) }
        return
            (changed.map { ($0.path, $0.kind) }
            + files.filter { !present.contains($0.path) }.map { ($0.path, $0.kind) })
            .sorted { $0.0 < $1.0 }
    }

    /// Whether the object with this SHA-256 was put there by this coordinator.
    func isOurs(_ digest: String) -> Bool { digest == sha256 || digest == pending }

    /// The same, while another object takes the place of the one that it is about.
    ///
    /// - Parameter found: SHA-256 of the object that lies there; nil: none does.
    func awaiting(_ digest: String, over found: String? = nil) -> CoordinatorSeal {
        var seal = self
        // What a killed process has put there is this coordinator's still, whatever becomes of the next one. What it holds is not
        // known.
        if let found, found == pending { (seal.sha256, seal.files) = (found, []) }
        seal.pending = digest
        return seal
    }

    func isFor(_ recipients: [String]) -> Bool { Set(recipients) == Set(self.recipients) }
}
