// SPDX-License-Identifier: Apache-2.0

/// The sealed files by which a run's dumps can be read: which object, what is in it, and what should be and is not. In the node's record,
/// open to whoever reads the bucket; nothing of it tells a secret.
public struct SealedRecord: Codable, Sendable, Equatable {
    /// The run that sealed them: this one, or an older one since which nothing has changed.
    public var run: RunName
    /// The object's full key.
    public var key: String
    public var byteCount: Int64
    /// Of the object, hexadecimal, lower case.
    public var sha256: String
    /// Fingerprints of the certificates that it is sealed to.
    public var recipients: [String]
    public var files: [SealedFileRecord]
    /// What a restore would need and is not in it, each with its reason.
    public var missing: [WireError]?
    /// Where the node's credentials come from, if from no file; nil: they are in it, or in its `amanda.conf`, or an older agent wrote this.
    public var unsealedCredentials: UnsealedCredentials?
    /// Older versions of which every key is in this one, byte for byte: their objects may go once no run is left that names them. nil: none,
    /// or of an older agent.
    public var supersedes: [SealedVersion]?

    public init(
        run: RunName, key: String, byteCount: Int64, sha256: String, recipients: [String],
        files: [SealedFileRecord], missing: [WireError]? = nil
    ) {
        self.run = run
        self.key = key
        self.byteCount = byteCount
        self.sha256 = sha256
        self.recipients = recipients
        self.files = files
        self.missing = missing
    }
}

/// One sealed file, as everybody may know it.
public struct SealedFileRecord: Codable, Sendable, Hashable {
    public var path: String
    public var kind: SealedFile.Kind
    public var byteCount: Int64
    /// `SealedBundle.fingerprint`: whoever has not the bundle's key cannot try contents against it.
    public var fingerprint: String

    public init(path: String, kind: SealedFile.Kind, byteCount: Int64, fingerprint: String) {
        self.path = path
        self.kind = kind
        self.byteCount = byteCount
        self.fingerprint = fingerprint
    }
}

extension SealedRecord {
    /// Versions that a record names as superseded, at most.
    public static let supersededLimit = 32

    /// nil: nothing was sealed.
    public var version: SealedVersion? {
        sha256.isEmpty ? nil : key.split(separator: "/").last.flatMap { SealedVersion(fileName: $0) }
    }
}

extension SealedBundle {
    /// What everybody may know of its files.
    public var fileRecords: [SealedFileRecord] {
        files.map {
            SealedFileRecord(
                path: $0.path, kind: $0.kind, byteCount: Int64($0.content.count),
                fingerprint: fingerprint(of: $0))
        }
    }
}
