// SPDX-License-Identifier: Apache-2.0

public import AmandaFormat
public import FoundationEssentials

/// How fast a restore went on a node (`nodes/<node>/restored.json`): by it the next one's time is expected.
public struct MeasuredRestore: Codable, Sendable, Equatable {
    public var format: Int
    /// That was restored.
    public var node: String
    public var run: RunName
    public var finishedAt: Date
    /// Of tar's streams, unpacked.
    public var dumpedBytes: Int64
    /// Read from the store.
    public var storedBytes: Int64
    /// From the first byte to the last.
    public var seconds: Double

    public init(
        node: String, run: RunName, finishedAt: Date, dumpedBytes: Int64, storedBytes: Int64, seconds: Double
    ) {
        format = WireJSON.format
        self.node = node
        self.run = run
        self.finishedAt = finishedAt
        self.dumpedBytes = dumpedBytes
        self.storedBytes = storedBytes
        self.seconds = seconds
    }

    /// Less than that says more of what surrounds the bytes than of them.
    public static let leastByteCount: Int64 = 16 << 20
    /// Bytes a second; what seconds near 0 would say is no number that a document can hold.
    static let greatestRate = 1e15

    /// nil: too little to go by.
    public var rate: NodeRestorePlan.Rate? {
        guard dumpedBytes >= Self.leastByteCount, seconds > 0 else { return nil }
        return .init(
            source: .restore, run: run, bytesPerSecond: min(Double(dumpedBytes) / seconds, Self.greatestRate))
    }
}

extension NodeRecord {
    /// How fast its dumps were made, one after the other, as they are restored; nil: too little to go by.
    public var dumpRate: NodeRestorePlan.Rate? {
        let dumps = configurations.flatMap(\.dumps).filter { $0.status.isUsable && $0.seconds > 0 }
        let (bytes, seconds) = (dumps.map(\.native.byteCount).byteSum, dumps.reduce(0) { $0 + $1.seconds })
        guard bytes >= MeasuredRestore.leastByteCount, seconds > 0 else { return nil }
        return .init(
            source: .backup, run: run,
            bytesPerSecond: min(Double(bytes) / seconds, MeasuredRestore.greatestRate))
    }
}
