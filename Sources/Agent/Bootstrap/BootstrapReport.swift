// SPDX-License-Identifier: Apache-2.0

public import AgentAPI

/// What `amfleetd bootstrap` did, in the order in which it did it.
public struct BootstrapReport: Codable, Sendable {
    /// One configuration that is back, and what became of its catalog.
    public struct Configuration: Codable, Sendable {
        public var name: String
        /// Volumes that its catalog did not know.
        public var notes: [String] = []
        /// Why it cannot be used as it is.
        public var faults: [WireError] = []
        /// Host names in its disklist that are not this machine's.
        public var foreignHosts: [String] = []
    }

    var format = WireJSON.format
    public var node: String
    /// `s3://BUCKET/PREFIX`
    public var storage: String
    public var isDryRun: Bool
    public var selfBackup: String
    public var run: RunName
    /// Newer runs of it that are not whole, and why.
    public var passedOver: [String] = []
    /// What its headers do not say.
    public var remarks: [String] = []
    public var disks: [RestoreReport.Disk] = []
    /// An earlier call has put this run's self-backup back.
    public var isAlreadyBack = false
    public var secrets: BootstrapSecrets?
    public var configurations: [Configuration] = []
    /// What is not as it should be; the rest is done.
    public var faults: [WireError] = []
    /// Commands, as they stand.
    public var next: [String] = []

    init(_ order: BootstrapOrder, selfBackup: String, run: RunName) {
        node = order.node
        storage = StorageURL(bucket: order.storage.bucket, prefix: order.storage.prefix).description
        isDryRun = order.isDryRun
        self.selfBackup = selfBackup
        self.run = run
    }

    /// Everything that was asked for is done.
    public var isComplete: Bool {
        faults.isEmpty && disks.allSatisfy { $0.error == nil } && configurations.allSatisfy(\.faults.isEmpty)
            && secrets?.faults.isEmpty ?? true
    }
}

/// What lies sealed in the bucket, and what became of it.
public struct BootstrapSecrets: Codable, Sendable {
    public struct File: Codable, Sendable {
        public var path: String
        public var byteCount: Int64?
        /// `left out`, `restored`, …
        public var state: String
        public var reason: String?
    }

    /// The object; nil: there is none that can be seen.
    public var key: String?
    public var files: [File] = []
    public var notes: [String] = []
    public var faults: [WireError] = []
}
