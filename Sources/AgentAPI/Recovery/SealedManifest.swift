// SPDX-License-Identifier: Apache-2.0

public import FoundationEssentials

/// What lies in a bundle of sealed files, and whose it is (`amfleet.json`, its first member).
public struct SealedManifest: Codable, Sendable, Hashable {
    var format: Int
    public var cluster: String
    /// Which of all clusters of that name; nil of one that has no id yet.
    public var clusterID: String?
    public var owner: SealedOwner
    /// The run that sealed it; nil where none did.
    public var run: RunName?
    /// Which of that run's versions it is; nil: the first.
    public var number: Int?
    /// The oldest version from which on no key has changed: whatever was made since it opens with these. nil: this one.
    public var keysSince: SealedVersion?
    public var sealedAt: Date
    /// Of every fingerprint of these files: 32 random bytes, hexadecimal. Sealed with them, since with it a weak passphrase
    /// could be guessed from its fingerprint.
    public var fingerprintKey: String
    public var files: [File]

    /// A file without its content.
    public struct File: Codable, Sendable, Hashable {
        public var path: String
        public var kind: SealedFile.Kind
        public var mode: Int
        public var user: String
        public var group: String
        public var userID: Int
        public var groupID: Int
        public var byteCount: Int

        public init(
            path: String, kind: SealedFile.Kind, mode: Int, user: String, group: String, userID: Int,
            groupID: Int, byteCount: Int
        ) {
            self.path = path
            self.kind = kind
            self.mode = mode
            self.user = user
            self.group = group
            self.userID = userID
            self.groupID = groupID
            self.byteCount = byteCount
        }
    }

    public init(
        cluster: String, clusterID: String?, owner: SealedOwner, run: RunName?, number: Int? = nil,
        keysSince: SealedVersion? = nil, sealedAt: Date, fingerprintKey: String, files: [File]
    ) {
        format = WireJSON.format
        self.cluster = cluster
        self.clusterID = clusterID
        self.owner = owner
        self.run = run
        self.number = number
        self.keysSince = keysSince
        self.sealedAt = sealedAt
        self.fingerprintKey = fingerprintKey
        self.files = files
    }
}

extension SealedManifest {
    /// nil: no run has sealed it.
    public var version: SealedVersion? { run.map { SealedVersion(run: $0, number: number ?? 1) } }

    /// Whether every key of an older version is in this one, as it was.
    public func holdsKeys(of other: SealedVersion) -> Bool {
        guard let version, let keysSince else { return false }
        return keysSince <= other && other < version
    }
}

extension SealedManifest.File {
    /// Owners are 32 bits, of which the highest means "none".
    private static let ids = 0..<Int(UInt32.max)
    private static let longestName = 255
    /// `PATH_MAX`, with its NUL.
    private static let longestPath = 4_095

    /// Why it cannot stand in a bundle.
    var fault: SealedBundleError? {
        let parts = path.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
        guard path.utf8.first == UInt8(ascii: "/"), !path.utf8.contains(0), parts.count > 1,
            path.utf8.count <= Self.longestPath,
            parts.dropFirst().allSatisfy({
                !$0.isEmpty && !$0.elementsEqual(".".utf8) && !$0.elementsEqual("..".utf8)
            })
        else { return .unusablePath(path) }
        guard (0...0o777).contains(mode), Self.ids.contains(userID), Self.ids.contains(groupID),
            [user, group].allSatisfy({ $0.utf8.count <= Self.longestName && !$0.utf8.contains { $0 < 0x20 } })
        else { return .unusableOwner(path: path) }
        return nil
    }
}

extension SealedManifest.File {
    /// Its name in the archive.
    var member: String { String(decoding: path.utf8.dropFirst(), as: UTF8.self) }
}
