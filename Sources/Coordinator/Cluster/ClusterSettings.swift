// SPDX-License-Identifier: Apache-2.0

public import AgentAPI

/// What `cluster.json` says, checked. Paths stand as written; `ClusterFile` knows what they are relative to.
public struct ClusterSettings: Sendable, Equatable {
    public var cluster: String
    /// Which cluster of that name: the same for ever, whatever becomes of its authority. nil: not taken over yet.
    public var clusterID: String?
    public var storage: Storage
    public var tls: TLSFiles
    /// Files with the certificates that secrets are sealed to, one a recovery key. nil: nobody has said, as before there were any; empty:
    /// the operator wants none.
    public var recovery: [String]?
    public var configurations: Configurations
    public var limits: Limits
    /// By what a dump is suspect; dumptypes may have their own.
    public var plausibility: Plausibility
    /// In the file's order, which is the order of every table.
    public var nodes: [Node]

    public init(
        cluster: String, storage: Storage, tls: TLSFiles = TLSFiles(), recovery: [String]? = nil,
        configurations: Configurations,
        limits: Limits = Limits(), plausibility: Plausibility = Plausibility(), nodes: [Node] = []
    ) {
        self.cluster = cluster
        self.storage = storage
        self.tls = tls
        self.recovery = recovery
        self.configurations = configurations
        self.limits = limits
        self.plausibility = plausibility
        self.nodes = nodes
    }

    /// The store, and how the coordinator itself gets into it. Nodes have their own credentials.
    public struct Storage: Sendable, Equatable {
        public var address: StorageAddress
        /// Shared-credentials format; nil: environment, then `~/.aws/credentials`.
        public var credentialsFile: String?
        /// CA certificates that the store's own is checked against; nil: the system's.
        public var authority: String?

        public init(address: StorageAddress, credentialsFile: String? = nil, authority: String? = nil) {
            self.address = address
            self.credentialsFile = credentialsFile
            self.authority = authority
        }
    }

    /// PEM files of the cluster's authority and of the coordinator.
    public struct TLSFiles: Sendable, Equatable {
        public var authority: String
        /// Only `node add` reads it: keep it off the machine otherwise, if you like.
        public var authorityKey: String
        public var certificate: String
        public var privateKey: String

        public init(
            authority: String = "ca.pem", authorityKey: String? = nil,
            certificate: String = "coordinator.pem",
            privateKey: String = "coordinator.key"
        ) {
            self.authority = authority
            self.authorityKey = authorityKey ?? Self.keyBeside(authority)
            self.certificate = certificate
            self.privateKey = privateKey
        }

        /// `ca.key` for `ca.pem`: where the key is when the file does not say.
        static func keyBeside(_ certificate: String) -> String {
            (certificate.hasSuffix(".pem") ? String(certificate.dropLast(4)) : certificate) + ".key"
        }
    }

    /// Names of Amanda configurations, the same on every node.
    public struct Configurations: Sendable, Equatable {
        /// The one that backs up the node's own configuration and catalogs.
        public var selfBackup: String
        public var data: [String]

        public init(selfBackup: String, data: [String]) {
            self.selfBackup = selfBackup
            self.data = data
        }

        /// Data first, the self-backup last: it must contain the catalog of the run just made.
        public var inBackupOrder: [ConfigurationChoice] {
            data.map { ConfigurationChoice(name: $0, role: .data) } + [
                .init(name: selfBackup, role: .selfBackup)
            ]
        }
    }

    public struct Limits: Sendable, Equatable {
        /// How long after its last event a silent agent is waited for.
        public var agentLost: Duration
        /// How long a job may show no byte, no event and no new state while nothing says why.
        public var stalled: Duration
        /// How long a backup may take in all; nil: as long as it takes.
        public var run: Duration?
        /// How long the store may stay away in mid-run.
        public var storageOutage: Duration
        /// The same where dumps can go to a holding disk instead.
        public var holdAfter: Duration
        /// What all nodes together may send to the store; nil: no cap.
        public var sendMiBPerSecond: Int?
        /// What all nodes together may receive from it; nil: no cap.
        public var receiveMiBPerSecond: Int?

        public init(
            agentLost: Duration = .seconds(120), stalled: Duration = .seconds(1800), run: Duration? = nil,
            storageOutage: Duration = .seconds(600),
            holdAfter: Duration = .seconds(120), sendMiBPerSecond: Int? = nil, receiveMiBPerSecond: Int? = nil
        ) {
            self.agentLost = agentLost
            self.stalled = stalled
            self.run = run
            self.storageOutage = storageOutage
            self.holdAfter = holdAfter
            self.sendMiBPerSecond = sendMiBPerSecond
            self.receiveMiBPerSecond = receiveMiBPerSecond
        }

        /// One node's share of a cap, in bytes a second: the caps are divided evenly among the nodes of a run, and a
        /// node that has finished gives its share to nobody.
        static func share(of mebibytesPerSecond: Int?, among nodeCount: Int) -> Int64? {
            mebibytesPerSecond.map { max(5120, (Int64($0) << 20) / Int64(max(1, nodeCount))) }
        }
    }

    public struct Node: Sendable, Hashable {
        public var name: String
        public var address: AgentAddress
        /// What it runs around a restore in place; nil: nothing.
        public var restore: RestoreCommands?

        public init(name: String, address: AgentAddress, restore: RestoreCommands? = nil) {
            self.name = name
            self.address = address
            self.restore = restore
        }
    }
}
