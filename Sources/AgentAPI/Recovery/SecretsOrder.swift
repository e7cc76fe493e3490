// SPDX-License-Identifier: Apache-2.0

/// Brings the secrets that a restore needs to the node (`PUT /v1/jobs/ID/secrets`). The agent keeps them in memory alone: no job that is
/// written down ever holds one, and after a restart of the agent they come again.
public struct SecretsOrder: Codable, Sendable, Equatable {
    /// The keys that were a node's at another time: dumps of then were made with them.
    public struct OtherKeys: Codable, Sendable, Equatable {
        public var version: SealedVersion
        /// The oldest version that had the same keys; nil: this one.
        public var since: SealedVersion?
        /// Those that are not, byte for byte, among the order's own files.
        public var files: [SealedFile]

        public init(version: SealedVersion, since: SealedVersion? = nil, files: [SealedFile]) {
            self.version = version
            self.since = since
            self.files = files
        }
    }

    /// Versions besides the one that is put back.
    public static let otherLimit = 32
    /// Contents of their files, together.
    public static let otherByteCountLimit = 2 << 20

    var format: Int
    /// What is put back.
    public var files: [SealedFile]
    /// Which version that is; nil: of an older coordinator.
    public var version: SealedVersion?
    /// The oldest version that had the same keys; nil: that one.
    public var since: SealedVersion?
    /// nil: there are none, or of an older coordinator.
    public var others: [OtherKeys]?

    public init(files: [SealedFile]) {
        format = WireJSON.format
        self.files = files
    }

    /// - Parameter bundle: opened, and believed.
    public init(_ bundle: SealedBundle, version: SealedVersion) {
        self.init(files: bundle.files)
        self.version = version
        since = bundle.manifest.keysSince
    }

    /// Adds the keys of another version, as long as there is room.
    ///
    /// - Parameter bundle: opened, and believed.
    /// - Returns: whether they are there.
    public mutating func add(_ bundle: SealedBundle, version: SealedVersion) -> Bool {
        let differing = bundle.files.filter { file in file.kind == .encryption && !files.contains(file) }
        let held = (others ?? []).flatMap(\.files) + differing
        guard others?.count ?? 0 < Self.otherLimit,
            held.reduce(0, { $0 + $1.content.count }) <= Self.otherByteCountLimit
        else { return false }
        others =
            (others ?? []) + [OtherKeys(version: version, since: bundle.manifest.keysSince, files: differing)]
        return true
    }

    /// What may be put back: with the version's own files those that only others have, of each path the newest.
    public var allFiles: [SealedFile] {
        var found = files
        var paths = Set(files.map(\.path))
        for other in (others ?? []).sorted(by: { $0.version > $1.version }) {
            found += other.files.filter { paths.insert($0.path).inserted }
        }
        return found
    }

    /// The keys that a dump was made with, where they are not simply those that are put back.
    ///
    /// - Parameters:
    ///   - run: that made it.
    ///   - recorded: what its record names; nil: nothing is recorded.
    public func keys(of run: RunName, recorded: SealedVersion?) -> [SealedFile] {
        let own = files.filter { $0.kind == .encryption }
        let held = recorded.flatMap { recorded in
            known.filter { ($0.first...$0.version).contains(recorded) }.min { $0.version < $1.version }
        }
        let newest = known.filter { $0.first.run <= run }.max { $0.version < $1.version }
        guard let taken = held ?? newest, taken.version != version else { return own }
        // What is the same in both is not among the other's.
        let paths = Set(taken.files.map(\.path))
        return taken.files + own.filter { !paths.contains($0.path) }
    }

    /// Whether the node has had more than one set of keys: which of them a dump was made with, its record says for certain.
    public var isDivided: Bool { (others ?? []).contains { !$0.files.isEmpty } }

    private var known: [OtherKeys] {
        [version].compactMap(\.self).map { OtherKeys(version: $0, since: since, files: files) }
            + (others ?? [])
    }
}

extension SecretsOrder.OtherKeys {
    /// A claim that it began later than itself counts for nothing.
    fileprivate var first: SealedVersion { min(since ?? version, version) }
}
