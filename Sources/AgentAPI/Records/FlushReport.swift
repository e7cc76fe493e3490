// SPDX-License-Identifier: Apache-2.0

/// What one node sent from its holding disks to volumes, and what it did not.
public struct FlushReport: Codable, Sendable, Equatable {
    /// One held dump and what became of it.
    public struct Dump: Codable, Sendable, Equatable {
        public var held: HeldDumpRecord
        /// The volumes that it lies on now; empty: it stays held.
        public var labels: [String]
        /// Why it stays held. With `labels`: the record of its run could not be written, and its chunks stay until it is.
        public var error: WireError?

        public init(held: HeldDumpRecord, labels: [String] = [], error: WireError? = nil) {
            self.held = held
            self.labels = labels
            self.error = error
        }
    }

    /// One Amanda configuration's.
    public struct Configuration: Codable, Sendable, Equatable, Failable {
        public var name: String
        public var dumps: [Dump]
        public var volumes: [VolumeRecord]
        public var notes: [String]
        /// Why nothing of it could be sent, or not all.
        public var error: WireError?
        /// All of them; nil of an older agent.
        public var errors: [WireError]?

        public init(
            name: String, dumps: [Dump] = [], volumes: [VolumeRecord] = [], notes: [String] = [],
            error: WireError? = nil
        ) {
            self.name = name
            self.dumps = dumps
            self.volumes = volumes
            self.notes = notes
            self.error = error
            errors = error.map { [$0] }
        }
    }

    /// The run whose name the volumes bear.
    public var run: RunName
    public var configurations: [Configuration]

    public init(run: RunName, configurations: [Configuration] = []) {
        self.run = run
        self.configurations = configurations
    }

    /// Why something stays held, with the place of each reason.
    public var faults: [WireError] {
        configurations.flatMap { configuration in
            let own = configuration.faults
            let all = own.isEmpty ? configuration.dumps.compactMap(\.error) : own
            return all.map { $0.within(configuration: configuration.name) }
        }
    }
}
