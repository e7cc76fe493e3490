// SPDX-License-Identifier: Apache-2.0

public import AmandaFormat

/// What a restore is going to do on one node, found out by the planning of the restore itself: every label, header and object has been
/// looked at, and nothing written.
public struct NodeRestorePlan: Codable, Sendable, Equatable {
    /// The machine that is restored.
    public var node: String
    /// Whose data.
    public var sourceNode: String
    public var run: RunName
    /// In the order in which they come back.
    public var disks: [Disk]
    /// Of each file system that something goes to.
    public var rooms: [Room]
    /// What the dumps' headers name to decrypt them.
    public var keys: [Key]
    /// Of what has to be thawed first; nil: nothing.
    public var archive: Archive?
    /// By which `expectedSeconds` was reckoned; nil: nothing has been measured.
    public var rate: Rate?
    /// From the first byte to the last, thaw included; nil: not known.
    public var expectedSeconds: Double?
    /// What an operator should read.
    public var notes: [String]

    public init(node: String, sourceNode: String, run: RunName) {
        self.node = node
        self.sourceNode = sourceNode
        self.run = run
        disks = []
        rooms = []
        keys = []
        notes = []
    }

    public struct Disk: Codable, Sendable, Equatable {
        public var configuration: String
        public var disk: String
        /// Where it goes; empty: nowhere.
        public var target: String
        /// The self-backup brings the disklist that decides it: `target` is what the run's record says of it.
        public var isTargetExpected: Bool?
        /// Ascending: each is unpacked onto the one before.
        public var levels: [Level]
        /// What is known of it beforehand; nil: nothing.
        public var notes: [String]?
        /// Why it does not come back; nil: it does.
        public var error: WireError?

        public init(configuration: String, disk: String, target: String, levels: [Level] = []) {
            self.configuration = configuration
            self.disk = disk
            self.target = target
            self.levels = levels
        }

        /// To be read from the store.
        public var storedBytes: Int64 { levels.map(\.storedBytes).byteSum }
        public var objects: Int { levels.reduce(0) { $0 + min($1.objects, 1 << 40) } }
        /// Of tar's streams; nil where one is not known.
        public var dumpedBytes: Int64? {
            let known = levels.compactMap(\.dumpedBytes)
            return known.count == levels.count ? known.byteSum : nil
        }
    }

    /// One dump.
    public struct Level: Codable, Sendable, Equatable {
        public var level: Int
        /// That made it.
        public var run: RunName
        /// In the store.
        public var storedBytes: Int64
        /// Of tar's stream; nil: not recorded.
        public var dumpedBytes: Int64?
        /// Data and headers.
        public var objects: Int

        public init(level: Int, run: RunName, storedBytes: Int64, dumpedBytes: Int64?, objects: Int) {
            self.level = level
            self.run = run
            self.storedBytes = storedBytes
            self.dumpedBytes = dumpedBytes?.asByteCount
            self.objects = objects
        }
    }

    /// A file system, and what goes to it.
    public struct Room: Codable, Sendable, Equatable {
        /// The first target on it.
        public var path: String
        /// For root.
        public var freeBytes: Int64
        /// What is written there needs at least and at most so much, at its peak.
        public var leastBytes: Int64
        public var mostBytes: Int64

        public init(path: String, freeBytes: Int64, leastBytes: Int64, mostBytes: Int64) {
            self.path = path
            self.freeBytes = freeBytes.asByteCount
            self.leastBytes = leastBytes.asByteCount
            self.mostBytes = mostBytes.asByteCount
        }

        public var isShort: Bool { leastBytes > freeBytes }
        public var mayBeShort: Bool { mostBytes > freeBytes }
    }

    /// A program that decrypts, and what it reads.
    public struct Key: Codable, Sendable, Equatable, Hashable {
        public enum State: String, Codable, Sendable {
            /// On the node, where the program looks.
            case there
            /// In the bucket, sealed to the recovery key.
            case sealed
            /// Neither.
            case missing
            /// Nobody can tell which file the program reads.
            case unknown

            /// A word of a newer agent tells nothing.
            public init(from decoder: any Decoder) throws {
                self = State(rawValue: try decoder.singleValueContainer().decode(String.self)) ?? .unknown
            }
        }

        public var configuration: String
        public var disk: String
        public var program: String
        /// Of the key's file; nil: not known.
        public var path: String?
        public var state: State

        public init(
            configuration: String, disk: String, program: String, path: String? = nil, state: State
        ) {
            self.configuration = configuration
            self.disk = disk
            self.program = program
            self.path = path
            self.state = state
        }
    }

    /// What lies in Glacier.
    public struct Archive: Codable, Sendable, Equatable {
        public var objects: Int
        public var bytes: Int64
        /// What it takes as a rule, by the slowest storage class, in minutes.
        public var leastMinutes: Int
        public var mostMinutes: Int

        public init(objects: Int, bytes: Int64, leastMinutes: Int, mostMinutes: Int) {
            self.objects = objects
            self.bytes = bytes
            self.leastMinutes = leastMinutes
            self.mostMinutes = mostMinutes
        }
    }

    /// How fast it has gone before.
    public struct Rate: Codable, Sendable, Equatable {
        public enum Source: String, Codable, Sendable {
            /// A restore of this node's data.
            case restore
            /// The backup of the run: its restore goes at about that rate.
            case backup
            /// Of a newer agent.
            case other

            public init(from decoder: any Decoder) throws {
                self = Source(rawValue: try decoder.singleValueContainer().decode(String.self)) ?? .other
            }
        }

        public var source: Source
        /// That was measured.
        public var run: RunName
        /// Of tar's streams.
        public var bytesPerSecond: Double

        public init(source: Source, run: RunName, bytesPerSecond: Double) {
            self.source = source
            self.run = run
            self.bytesPerSecond = bytesPerSecond
        }
    }

    public var storedBytes: Int64 { restorable.map(\.storedBytes).byteSum }
    public var objects: Int { restorable.reduce(0) { $0 + min($1.objects, 1 << 40) } }
    /// Nil where a dump's is not known.
    public var dumpedBytes: Int64? {
        let known = restorable.compactMap(\.dumpedBytes)
        return known.count == restorable.count ? known.byteSum : nil
    }
    /// Disks that come back.
    public var restorable: [Disk] { disks.filter { $0.error == nil } }
}
