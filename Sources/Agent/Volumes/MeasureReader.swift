// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import AmandaFormat
import Planning
import S3

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

    /// To a node that may not list the store says of a record that is not there that it may not be read (as AWS does): of one it proves
    /// nothing, of all it is the answer.
    ///
    /// - Parameters:
    ///   - disks: of each configuration.
    ///   - runs: that may have records, in any order; the newest are read.
    /// - Throws: `S3Error.accessDenied` where no record may be read; whatever else a read throws.
    func known(
        _ disks: [String: [DiskName]], in runs: some Sequence<RunName>
    ) async throws -> [String: KnownMeasures] {
        var known = disks.mapValues { KnownMeasures($0) }
        var (isAnythingRead, refusal): (Bool, S3Error?) = (false, nil)
        for run in Set(runs).sorted(by: >).prefix(Self.depth) {
            if known.values.allSatisfy(\.isSettled) { break }
            let found: NodeRecord?
            do {
                found = try await read(run)
                isAnythingRead = true
            } catch S3Error.accessDenied(let call) {
                refusal = .accessDenied(call)
                continue
            }
            guard let record = found, record.node == node, record.run == run else { continue }
            for configuration in record.configurations {
                known[configuration.name]?.take(configuration, of: run)
            }
        }
        if !isAnythingRead, let refusal { throw refusal }
        return known
    }
}
