// SPDX-License-Identifier: Apache-2.0

/// The volumes of a node's configurations (`GET /v1/volumes`, with a `StatusQuestion`).
public struct NodeVolumes: Codable, Sendable, Equatable {
    var format: Int
    public var node: String
    public var configurations: [ConfigurationVolumes]

    public init(node: String, configurations: [ConfigurationVolumes]) {
        self.format = WireJSON.format
        self.node = node
        self.configurations = configurations
    }
}

/// Every slot of one configuration's changer, and the volumes that are in none.
public struct ConfigurationVolumes: Codable, Sendable, Equatable, Failable {
    public var name: String
    var role: ConfigurationChoice.Role
    /// Why nothing, or not all, could be found out.
    public var error: WireError?
    /// All of them; nil of an older agent.
    public var errors: [WireError]?
    /// In the changer's order.
    public var slots: [SlotVolume]
    /// Labels that the tapelist has with a run, and that no slot bears.
    public var lostLabels: [String]
    /// What protected volumes leave of the retention; nil: all that is asked.
    public var shortfall: Shortfall?
    /// Why a run now would find no volume; nil: it would.
    public var refusal: WireError?

    /// Of the newest `asked` volumes that the policy keeps, the next run leaves `left`.
    public struct Shortfall: Codable, Sendable, Equatable {
        public var asked: Int
        public var left: Int
        /// The runs that are not overwritten.
        public var protectedRuns: [RunName]
        /// The same in words.
        public var text: String

        public init(asked: Int, left: Int, protectedRuns: [RunName], text: String) {
            self.asked = asked
            self.left = left
            self.protectedRuns = protectedRuns
            self.text = text
        }
    }

    public init(
        name: String, role: ConfigurationChoice.Role, error: WireError? = nil, slots: [SlotVolume] = [],
        lostLabels: [String] = []
    ) {
        self.name = name
        self.role = role
        self.error = error
        errors = error.map { [$0] }
        self.slots = slots
        self.lostLabels = lostLabels
    }
}

/// What one slot holds.
public struct SlotVolume: Codable, Sendable, Equatable {
    public enum State: String, Codable, Sendable {
        /// The catalog knows the volume, with this run.
        case known
        /// It bears a label that the catalog does not have, or has with another run.
        case unknown
        case unlabelled
        /// Something that is no Amanda volume.
        case foreign
        /// The store did not tell.
        case unreadable

        /// What a newer agent has seen there is not known here.
        public init(from decoder: any Decoder) throws {
            self = State(rawValue: try decoder.singleValueContainer().decode(String.self)) ?? .unreadable
        }
    }

    /// As Amanda counts slots.
    public var slot: Int
    /// `s3:BUCKET/PREFIX` or `file:/DIRECTORY`.
    public var device: String
    public var state: State
    public var label: String?
    /// That wrote it; nil where none has.
    public var run: RunName?
    /// Parts of dumps that lie there, as the catalog has them.
    public var dumps: [Dump]
    /// In which run from now on it is written next, counted from 1; nil: not as things stand.
    public var writtenByRun: Int?
    /// Why it is not.
    public var keptReason: String?
    /// It holds nothing and may be written, which a run does when no other volume may be overwritten. Nil: no.
    public var isSpare: Bool?
    /// The run of which the cluster keeps it; nil: none.
    public var protectedRun: RunName?
    /// That run is pinned. nil: it is not.
    public var isPinned: Bool?
    /// With `unreadable`: why.
    public var unreadableReason: String?

    /// One dump's share of a volume.
    public struct Dump: Codable, Sendable, Equatable {
        public var host: String
        public var disk: String
        public var level: Int
        /// Of these parts, as stored.
        public var storedBytes: Int64
        public var isWhole: Bool

        public init(host: String, disk: String, level: Int, storedBytes: Int64, isWhole: Bool) {
            self.host = host
            self.disk = disk
            self.level = level
            self.storedBytes = storedBytes
            self.isWhole = isWhole
        }
    }

    public init(
        slot: Int, device: String, state: State, label: String? = nil, run: RunName? = nil,
        dumps: [Dump] = [],
        writtenByRun: Int? = nil, keptReason: String? = nil, isSpare: Bool? = nil
    ) {
        self.slot = slot
        self.device = device
        self.state = state
        self.label = label
        self.run = run
        self.dumps = dumps
        self.writtenByRun = writtenByRun
        self.keptReason = keptReason
        self.isSpare = isSpare
    }

    public var storedBytes: Int64 { dumps.map(\.storedBytes).byteSum }
}
