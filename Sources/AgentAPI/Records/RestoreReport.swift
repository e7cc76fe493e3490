// SPDX-License-Identifier: Apache-2.0

/// What a restore brought back on one node.
public struct RestoreReport: Codable, Sendable, Equatable {
    public struct Disk: Codable, Sendable, Equatable {
        public var configuration: String
        public var disk: String
        /// Where it lies now.
        public var target: String
        /// Bytes of tar's stream, checked against the record before this was written.
        public var restoredBytes: Int64
        public var notes: [String]
        public var error: WireError?

        public init(
            configuration: String, disk: String, target: String, restoredBytes: Int64 = 0,
            notes: [String] = [],
            error: WireError? = nil
        ) {
            self.configuration = configuration
            self.disk = disk
            self.target = target
            self.restoredBytes = restoredBytes
            self.notes = notes
            self.error = error
        }
    }

    public var sourceNode: String
    public var run: RunName
    public var disks: [Disk]
    /// What was run around it; nil: nothing, and of an older agent.
    public var commands: [Command]?
    /// What became of the sealed files that came with the restore; nil: none came, or an older agent.
    public var secrets: [RestoredSecret]?
    /// Of the node, not of a disk; nil: nothing, and of an older agent.
    public var notes: [String]?

    public init(sourceNode: String, run: RunName, disks: [Disk] = []) {
        self.sourceNode = sourceNode
        self.run = run
        self.disks = disks
    }
}
