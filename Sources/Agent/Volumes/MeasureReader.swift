// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import AmandaFormat
import Planning

/// Reads this node's newest records of runs for what the next dumps are judged by.
///
/// The bucket is the truth: a machine that has lost its state directory comes to the same judgement. One GET where the newest run dumped
/// every disk; never more than `depth`.
struct MeasureReader: Sendable {
    /// How many of the newest runs are looked at.
    static let depth = 32

    /// nil where the run has no record of the node.
    let read: @Sendable (RunName) async throws -> NodeRecord?
    let node: String

    init(_ records: NodeRecordStore, node: String) {
        self.init(node: node) { try await records.read($0, node: node) }
    }

    /// Records that are at hand.
    init(_ kept: [NodeRecord], node: String) {
        let byRun = Dictionary(kept.map { ($0.run, $0) }, uniquingKeysWith: { first, _ in first })
        self.init(node: node) { byRun[$0] }
    }

    init(node: String, _ read: @escaping @Sendable (RunName) async throws -> NodeRecord?) {
        self.node = node
        self.read = read
    }

    /// - Parameters:
    ///   - disks: of each configuration.
    ///   - runs: that may have records, in any order; the newest are read.
    func known(
        _ disks: [String: [DiskName]], in runs: some Sequence<RunName>
    ) async throws -> [String: KnownMeasures] {
        var known = disks.mapValues { KnownMeasures($0) }
        for run in Set(runs).sorted(by: >).prefix(Self.depth) {
            if known.values.allSatisfy(\.isSettled) { break }
            guard let record = try await read(run), record.node == node, record.run == run else { continue }
            for configuration in record.configurations {
                known[configuration.name]?.take(configuration, of: run)
            }
        }
        return known
    }
}
