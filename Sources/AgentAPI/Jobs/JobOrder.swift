// SPDX-License-Identifier: Apache-2.0

/// The work itself. Shape in JSON: `{"kind": "backup", …}`, and likewise `restore`, `restorePlan`, `flush` and `accept`.
public enum JobOrder: Sendable, Equatable {
    case backup(BackupOrder)
    case restore(RestoreOrder)
    /// What that restore would do: nothing is written. No flag of a restore, which an older agent would pass over, and restore.
    case restorePlan(RestoreOrder)
    case flush(FlushOrder)
    case accept(AcceptOrder)

    public var kind: JobKind {
        switch self {
        case .backup: .backup
        case .restore: .restore
        case .restorePlan: .restorePlan
        case .flush: .flush
        case .accept: .accept
        }
    }
}

public enum JobKind: String, Codable, Sendable, CaseIterable {
    case backup
    case restore
    case restorePlan
    case flush
    case accept
    /// Of a newer agent; no order is of it.
    case other

    /// A kind of a newer agent costs nothing else of what it says.
    public init(from decoder: any Decoder) throws {
        self = JobKind(rawValue: try decoder.singleValueContainer().decode(String.self)) ?? .other
    }

    /// `backup of run 20261123030600`
    public func text(of run: RunName) -> String {
        "\(self == .other ? "a job of a kind that this version does not know," : rawValue) of run \(run)"
    }
}

extension JobOrder: Codable {
    private enum Keys: String, CodingKey {
        case kind
    }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: Keys.self)
        switch try container.decode(JobKind.self, forKey: .kind) {
        case .backup: self = .backup(try BackupOrder(from: decoder))
        case .restore: self = .restore(try RestoreOrder(from: decoder))
        case .restorePlan: self = .restorePlan(try RestoreOrder(from: decoder))
        case .flush: self = .flush(try FlushOrder(from: decoder))
        case .accept: self = .accept(try AcceptOrder(from: decoder))
        case .other:
            throw DecodingError.dataCorruptedError(
                forKey: .kind, in: container, debugDescription: "this version knows no job of this kind")
        }
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: Keys.self)
        try container.encode(kind, forKey: .kind)
        switch self {
        case .backup(let order): try order.encode(to: encoder)
        case .restore(let order), .restorePlan(let order): try order.encode(to: encoder)
        case .flush(let order): try order.encode(to: encoder)
        case .accept(let order): try order.encode(to: encoder)
        }
    }
}

/// An Amanda configuration and what it is to the cluster.
public struct ConfigurationChoice: Codable, Sendable, Hashable {
    public enum Role: String, Codable, Sendable {
        /// Holds the node's own Amanda configuration and catalogs.
        case selfBackup = "self"
        case data
    }

    public var name: String
    public var role: Role

    public init(name: String, role: Role) {
        self.name = name
        self.role = role
    }
}

/// A backup of the named configurations, in this order: data first, the self-backup last.
public struct BackupOrder: Codable, Sendable, Equatable {
    public var configurations: [ConfigurationChoice]
    /// Only say what would be done: volume, disks, why. Nothing is written anywhere.
    public var dryRun: Bool
    /// By what a dump is suspect; nil: as `Plausibility()` says.
    public var plausibility: Plausibility?
    /// The newest runs in the bucket before this one: a node may read its own records there, and not list them. nil: what its catalogs
    /// name is enough.
    public var recentRuns: [RunName]?
    /// To whom the node seals its secrets; nil: to nobody, and so of an older coordinator.
    public var recovery: RecoveryOrder?

    /// How many of them a node is told.
    public static let recentRunLimit = 32

    public init(
        configurations: [ConfigurationChoice], dryRun: Bool = false, plausibility: Plausibility? = nil,
        recentRuns: [RunName]? = nil, recovery: RecoveryOrder? = nil
    ) {
        self.configurations = configurations
        self.dryRun = dryRun
        self.plausibility = plausibility
        self.recentRuns = recentRuns
        self.recovery = recovery
    }
}

/// What lies on the holding disks of the named configurations goes to volumes; nothing is dumped.
public struct FlushOrder: Codable, Sendable, Equatable {
    public var configurations: [ConfigurationChoice]

    public init(configurations: [ConfigurationChoice]) {
        self.configurations = configurations
    }
}

/// An operator's word that a suspect dump of the job's run is as it should be: the node's record of the run then says so.
public struct AcceptOrder: Codable, Sendable, Equatable {
    /// That the disk may be of: one in which the run has a suspect dump of it is meant.
    public var configurations: [ConfigurationChoice]
    /// As the disklist names it.
    public var disk: String

    public init(configurations: [ConfigurationChoice], disk: String) {
        self.configurations = configurations
        self.disk = disk
    }
}

/// A restore of one run's data onto this node, in this order: the self-backup first, then data.
public struct RestoreOrder: Codable, Sendable, Equatable {
    /// Whose data: normally the node's own name.
    public var sourceNode: String
    public var configurations: [ConfigurationChoice]
    /// Nil: in place. Otherwise `<directory>/<sourceNode>/<configuration>/<disk path>` on the node.
    public var directory: String?
    /// Without it a target directory that holds anything is refused.
    public var overwrite: Bool
    /// Remove what the backup does not hold. Off: other files are left alone.
    public var delete: Bool
    /// How what lies in the archive is brought back; nil: as `ThawOrder()` says.
    public var thaw: ThawOrder?
    /// Begin also where the file system seems to have too little room; nil: no.
    public var ignoresRoom: Bool?
    /// tar runs without anything that keeps it from writing outside the target; nil: no.
    public var isUnconfined: Bool?
    /// As `overwrite`, for what the self-backup brings; nil: no.
    public var overwritesSelf: Bool?
    /// As `overwrite`, for the disks of these configurations alone.
    public var overwrittenConfigurations: [String]?
    /// As `overwrite`, for the disks of these names alone.
    public var overwrittenDisks: [String]?
    /// Install the self-backup's `amanda-security.conf` whatever it lets run as root; nil: no.
    public var acceptsSecurityFile: Bool?
    /// Nothing is read or written before a `SecretsOrder` has come; nil: no.
    public var awaitsSecrets: Bool?
    /// Put keys back also where others lie; nil: no.
    public var overwritesKeys: Bool?
    /// What is run around it where it goes in place; nil: nothing, and of an older coordinator.
    public var commands: RestoreCommands?
    /// Nodes of the same restore have not ended it: what this one has brought back lately counts, though its part had ended; nil: no.
    public var continues: Bool?
    /// Sealed files that are put back though they lie where no program of Amanda's has its keys: the operator has named them.
    public var acceptedKeys: [String]?
    /// Give disks of host names that the machine has lost to localhost; nil: no, they are named.
    public var adopts: Bool?

    public init(
        sourceNode: String, configurations: [ConfigurationChoice], directory: String? = nil,
        overwrite: Bool = false,
        delete: Bool = false, thaw: ThawOrder? = nil, ignoresRoom: Bool? = nil
    ) {
        self.sourceNode = sourceNode
        self.configurations = configurations
        self.directory = directory
        self.overwrite = overwrite
        self.delete = delete
        self.thaw = thaw
        self.ignoresRoom = ignoresRoom
    }
}
