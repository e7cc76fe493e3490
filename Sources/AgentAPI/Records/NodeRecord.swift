// SPDX-License-Identifier: Apache-2.0

public import FoundationEssentials

/// A node's own evidence of one run, written by the agent itself (`runs/<run>/nodes/<node>.json`).
///
/// It names every object of the run with its length and checksum: the data can be fetched and proved from it alone,
/// without any catalog.
public struct NodeRecord: Codable, Sendable, Equatable {
    public var format: Int
    public var cluster: String
    public var node: String
    public var run: RunName
    public var attempt: Int
    var fence: Int
    /// Version of amfleet that wrote it.
    public var version: String
    public var startedAt: Date
    public var finishedAt: Date
    public var configurations: [ConfigurationRecord]
    /// What a restore needs and the bucket may not show; nil of an older agent, and where nobody was named to seal to.
    public var secrets: SealedRecord?

    public init(
        cluster: String, node: String, run: RunName, attempt: Int, fence: Int, version: String,
        startedAt: Date,
        finishedAt: Date, configurations: [ConfigurationRecord]
    ) {
        self.format = WireJSON.format
        self.cluster = cluster
        self.node = node
        self.run = run
        self.attempt = attempt
        self.fence = fence
        self.version = version
        self.startedAt = startedAt
        self.finishedAt = finishedAt
        self.configurations = configurations
    }

    /// Whether every configuration that was asked for is there with all of its disks proved.
    public var isComplete: Bool { !configurations.isEmpty && configurations.allSatisfy(\.isComplete) }

    /// Dumps that lie on the node's holding disk, with their configurations' names.
    public var heldDumps: [(configuration: String, dump: DumpRecord)] {
        configurations.flatMap { configuration in
            configuration.dumps.filter { $0.status == .held }.map { (configuration.name, $0) }
        }
    }

    public var storedBytes: Int64 { configurations.flatMap(\.dumps).map(\.storedBytes).byteSum }
    public var dumpedBytes: Int64 { configurations.flatMap(\.dumps).map(\.native.byteCount).byteSum }
}

/// What one Amanda configuration contributed.
public struct ConfigurationRecord: Codable, Sendable, Equatable, Failable, Remarked {
    public var name: String
    public var role: ConfigurationChoice.Role
    public var volumes: [VolumeRecord]
    public var dumps: [DumpRecord]
    /// Why the configuration as a whole failed, such as a volume that could not be had.
    public var error: WireError?
    /// All of them; nil of an older agent.
    public var errors: [WireError]?
    public var notes: [String]
    /// The same as values; nil of an older agent.
    public var noteValues: [Remark]?
    /// Its changer's `READ-FROM-GLACIER`, for a machine that has no configuration yet; nil: not set.
    public var readsFromGlacier: Bool?
    /// Of a self-backup: what it holds of what a bootstrap needs; nil: of data, or of an older agent.
    public var selfBackup: SelfBackupRecord?

    public init(
        name: String, role: ConfigurationChoice.Role, volumes: [VolumeRecord] = [], dumps: [DumpRecord] = [],
        error: WireError? = nil, notes: [String] = []
    ) {
        self.name = name
        self.role = role
        self.volumes = volumes
        self.dumps = dumps
        self.error = error
        errors = error.map { [$0] }
        self.notes = notes
    }

    public var isComplete: Bool {
        error == nil && !dumps.isEmpty && dumps.allSatisfy { $0.status.isUsable || $0.status == .skipped }
    }
}

extension ConfigurationRecord {
    /// Whether an empty machine could start from this self-backup, as far as it is known, or as an operator has accepted it.
    public var canStartNode: Bool {
        isComplete && dumps.contains { $0.status.isUsable }
            && !dumps.contains { $0.isSuspect && $0.suspect?.isOfSelfBackup == true }
    }
}

/// A volume of the run: Amanda's tape, here a slot prefix, or a directory on the node.
public struct VolumeRecord: Codable, Sendable, Hashable {
    public var label: String
    /// Empty for a directory.
    public var bucket: String
    /// The slot's full prefix, verbatim: `PREFIX/<node>/<configuration>/slot-01`. Empty for a directory.
    public var prefix: String
    /// Where the bucket is, if not in the cluster's own store.
    public var store: StoreRecord?
    /// The run whose datestamp it bears; nil: the record's own. A held dump goes to the volume of a later run.
    public var run: RunName?
    /// Where its files lie on the node, absolute; nil for a volume in a bucket.
    public var directory: String?

    public init(
        label: String, bucket: String, prefix: String, store: StoreRecord? = nil, run: RunName? = nil
    ) {
        self.label = label
        self.bucket = bucket
        self.prefix = prefix
        self.store = store
        self.run = run
    }

    /// A volume that only the node itself can read.
    public init(label: String, directory: String) {
        self.init(label: label, bucket: "", prefix: "")
        self.directory = directory
    }

    /// `s3:BUCKET/PREFIX` or `file:/DIRECTORY`.
    public var place: String { directory.map { "file:\($0)" } ?? "s3:\(bucket)/\(prefix)" }
}

/// A store that a configuration's changer names for itself: enough for an empty machine to find it.
public struct StoreRecord: Codable, Sendable, Hashable {
    /// `https://host[:port]`; nil: AWS itself.
    public var endpoint: String?
    public var region: String
    public var addressing: StorageAddress.Addressing?
    /// What stands before the bucket in every path.
    public var servicePath: String?

    public init(
        endpoint: String?, region: String, addressing: StorageAddress.Addressing? = nil,
        servicePath: String? = nil
    ) {
        self.endpoint = endpoint
        self.region = region
        self.addressing = addressing
        self.servicePath = servicePath
    }
}
