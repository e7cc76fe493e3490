// SPDX-License-Identifier: Apache-2.0

/// What the coordinator asks of one node (`POST /v1/jobs`).
///
/// The id is the coordinator's: asking twice with the same id and attempt is the same job. A higher `attempt` starts
/// an interrupted or failed job of that id again; finished dumps stay.
public struct JobRequest: Codable, Sendable, Equatable {
    var format: Int
    /// Letters, digits, `-` and `_`; at most 100 bytes: it becomes a file name on the agent.
    public var id: String
    public var cluster: String
    public var node: String
    public var run: RunName
    /// The lease's fencing number: the agent keeps the highest it saw and refuses lower ones. 0 without a lease.
    public var fence: Int
    public var attempt: Int
    /// Who asked, for messages: `user@host, pid N`.
    public var coordinator: String
    public var storage: StorageAddress
    /// How long the store may stay away in mid-run before the job fails.
    public var storageOutageSeconds: Int
    /// The same for a configuration whose dumps can go to a holding disk instead; nil: no less.
    public var holdAfterSeconds: Int?
    /// This node's share of what the cluster may send and receive; nil: no cap.
    public var sendBytesPerSecond: Int64?
    public var receiveBytesPerSecond: Int64?
    /// What the node must not overwrite, whatever its own rules say; nil: of an older coordinator, and in a restore.
    public var protection: RunProtection?
    public var order: JobOrder

    public init(
        id: String, cluster: String, node: String, run: RunName, fence: Int, attempt: Int,
        coordinator: String,
        storage: StorageAddress, storageOutageSeconds: Int, order: JobOrder
    ) {
        self.format = WireJSON.format
        self.id = id
        self.cluster = cluster
        self.node = node
        self.run = run
        self.fence = fence
        self.attempt = attempt
        self.coordinator = coordinator
        self.storage = storage
        self.storageOutageSeconds = storageOutageSeconds
        self.order = order
    }

    public static let idByteCountLimit = 100
    /// What a time limit of a job may be.
    public static let longestLimitSeconds = Int(Int32.max)

    /// Whether the id can be a file name and a path element as it stands.
    public static func isUsable(id: String) -> Bool {
        !id.isEmpty && id.utf8.count <= idByteCountLimit && id.utf8.allSatisfy { $0.isIDByte }
    }
}

extension UInt8 {
    fileprivate var isIDByte: Bool {
        switch self {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"):
            true
        default: false
        }
    }
}
