// SPDX-License-Identifier: Apache-2.0

public import FoundationEssentials

/// What a node says of itself (`GET /v1/status`).
///
/// With a `StatusQuestion` it also looks at the store and at the named configurations.
public struct NodeStatus: Codable, Sendable, Equatable {
    public var format: Int
    public var node: String
    public var cluster: String
    public var version: String
    /// The node's clock when it answered.
    public var time: Date
    public var certificateExpiresAt: Date
    /// Of an older agent nil: its certificate cannot be renewed over the wire.
    public var identity: NodeIdentity?
    /// Whether the agent can read and restore every file.
    public var isRoot: Bool
    /// First line of `tar --version`; nil where none is installed, or it could not be run.
    public var tarVersion: String?
    /// Why it could not be run; nil: it could, there is none, or of an older agent.
    public var tarError: WireError?
    /// Files with credentials or keys that every user of the node may read; nil: none, or an older agent.
    public var exposedFiles: [String]?
    /// How far the node's clock is ahead of the store's, in seconds; nil when the store did not answer.
    public var storageClockOffsetSeconds: Double?
    public var storageError: WireError?
    /// Why it cannot write into its state directory, where every job is written down first; nil: it can, nobody asked, or an older
    /// agent.
    public var stateError: WireError?
    public var configurations: [ConfigurationStatus]
    public var runningJob: String?
    public var lastJob: JobSnapshot?
    /// Which lists of revoked certificates it goes by; nil of an older agent.
    public var revocations: RevocationNumbers?
    /// How its secrets are sealed; nil: nobody asked, or an older agent.
    public var secrets: NodeSecrets?

    public init(
        node: String, cluster: String, version: String, time: Date, certificateExpiresAt: Date, isRoot: Bool,
        tarVersion: String? = nil, storageClockOffsetSeconds: Double? = nil, storageError: WireError? = nil,
        configurations: [ConfigurationStatus] = [], runningJob: String? = nil, lastJob: JobSnapshot? = nil
    ) {
        self.format = WireJSON.format
        self.node = node
        self.cluster = cluster
        self.version = version
        self.time = time
        self.certificateExpiresAt = certificateExpiresAt
        self.isRoot = isRoot
        self.tarVersion = tarVersion
        let offsets = ClaimRange.fraction("storageClockOffsetSeconds")
        self.storageClockOffsetSeconds = storageClockOffsetSeconds.map {
            min(max($0, offsets.lowerBound), offsets.upperBound)
        }
        self.storageError = storageError
        self.configurations = configurations
        self.runningJob = runningJob
        self.lastJob = lastJob
    }
}

/// How one Amanda configuration on the node looks.
public struct ConfigurationStatus: Codable, Sendable, Equatable, Failable {
    public var name: String
    public var role: ConfigurationChoice.Role
    /// Why it cannot be used; nil when it parses and every disk can be dumped.
    public var error: WireError?
    /// What the node lacks for single disks, whose dumps fail of it: the others can be dumped. nil: nothing.
    public var diskErrors: [WireError]?
    /// Why a restore of what it dumps would be refused, though it can be dumped; nil: nothing, or an older agent.
    public var restoreErrors: [WireError]?
    /// All of them; nil of an older agent.
    public var errors: [WireError]?
    /// Parameters that are read and not used, and other remarks.
    var remarks: [String]
    /// The same as values; nil of an older agent.
    var remarkValues: [Remark]?
    public var disks: [String]
    /// Catalog directories and key files that lie outside every disk of the self-backup.
    public var outsideSelfBackup: [String]
    /// What is mounted inside the self-backup over catalogs or key files, and hence not in it. nil: nothing.
    public var selfBackupHoles: [HoleRecord]?
    /// Secrets that anybody who may read the bucket finds in the self-backup.
    public var secretsReadable: [String]
    /// Newest run that the catalog knows, of whichever program.
    public var newestRun: RunName?
    /// Label that the newest run lies on.
    public var newestLabel: String?
    /// Dumps that wait on the holding disks, oldest run first.
    public var held: [HeldDumpRecord]?
    /// Whether the next run sends them by itself (`autoflush`).
    public var flushesByItself: Bool?
    /// Volumes that bear a run which the catalog does not know, and which is not entered into it by itself: nobody writes to
    /// them. nil: none, or they were not looked at.
    public var unknownVolumes: [Remark]?
    /// What of its settings must be in the self-backup, as it is now; nil: of an older agent.
    public var selfBackupFiles: [SelfBackupFile]?

    public init(
        name: String, role: ConfigurationChoice.Role, error: WireError? = nil, remarks: [String] = [],
        disks: [String] = [], outsideSelfBackup: [String] = [], secretsReadable: [String] = [],
        newestRun: RunName? = nil, newestLabel: String? = nil
    ) {
        self.name = name
        self.role = role
        self.error = error
        errors = error.map { [$0] }
        self.remarks = remarks
        self.disks = disks
        self.outsideSelfBackup = outsideSelfBackup
        self.secretsReadable = secretsReadable
        self.newestRun = newestRun
        self.newestLabel = newestLabel
    }

    /// The remarks as values, those of an older agent as text alone.
    public var allRemarks: [Remark] {
        get { remarkValues ?? remarks.map { Remark($0) } }
        set {
            remarks = newValue.map(\.description)
            remarkValues = newValue
        }
    }
}
