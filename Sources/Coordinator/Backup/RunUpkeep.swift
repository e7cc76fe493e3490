// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import AmandaFormat
import BlockingWork
import FoundationEssentials
import Logging
import S3

/// Looks after old runs once a backup is done: those of which nothing is left become history, and those that lost their coordinator or
/// had held dumps, however old, are judged.
///
/// A bounded number at a time, and the next backup goes on where this one stopped. Nothing of it can fail a backup.
struct RunUpkeep: Sendable {
    /// How many old runs are looked at after one backup.
    static let width = 32
    /// Not longer than that: the next backup does the rest.
    static let limit: Duration = .seconds(300)

    let cluster: Cluster
    let lease: RunLease
    private let volumes: VolumeJudge

    init(_ cluster: Cluster, _ lease: RunLease) {
        self.cluster = cluster
        self.lease = lease
        volumes = cluster.volumeJudge()
    }

    /// - Parameters:
    ///   - newest: the run that has just ended; none that is newer is looked at.
    ///   - kept: runs that are not to be overwritten.
    func tidy(before newest: RunName, keeping kept: [RunName]) async {
        let turn = UpkeepTurn(cluster) { lease.isHeld }
        do {
            let done: Void? = try await withTimeLimit(Self.limit) {
                try await look(before: newest, keeping: Set(kept), turn)
            }
            if done == nil {
                cluster.logger.info("old runs were not all looked at in time: the next backup goes on")
            }
            await turn.end(failure: nil)
        } catch is CancellationError {
            return
        } catch {
            await turn.end(failure: WireError(of: error))
        }
        await removeSuperseded(after: newest)
    }

    private func removeSuperseded(after run: RunName) async {
        guard lease.isHeld else { return }
        do {
            let upkeep = SealedUpkeep(bucket: cluster.impatientBucket) { [lease] in lease.isHeld }
            if let count = try await upkeep.tidy(after: run), count > 0 {
                cluster.logger.notice(
                    "sealed versions whose keys are all in newer ones are gone",
                    metadata: ["count": "\(count)"])
            }
        } catch is CancellationError {
            return
        } catch {
            let wire = WireError(of: error)
            cluster.console.say("sealed versions that nobody needs stay: \(wire.headline)")
            if let hint = wire.hint { cluster.console.say("hint: \(hint)") }
        }
    }

    private func look(before newest: RunName, keeping kept: Set<RunName>, _ turn: UpkeepTurn) async throws {
        let bucket = cluster.impatientBucket
        let all = try await bucket.runs().filter { $0 < newest }
        let names = all.filter { !kept.contains($0) }
        let hasTurns = names.count > Self.width
        if hasTurns { try await turn.recall() }
        let due = Self.turn(names, after: turn.before?.seen)
        let manifests = try await onEveryNode(due.map(\.digits), width: 8) { digits in
            guard let run = RunName(digits) else { return ClusterBucket.Stored<RunManifest>?.none }
            return try await bucket.manifest(run)
        }
        var lines: [HistoryLine] = []
        var failure: (any Error)?
        var history = HistoryYears(HistoryReader(bucket: bucket))
        for (run, outcome) in zip(due, manifests) {
            do {
                switch outcome.result {
                case .success(let stored?):
                    // Where deleting is refused, what the history has already is not looked at for ever.
                    if turn.before?.refusal != nil, stored.value.pin == nil,
                        let line = try await history.line(of: run.digits),
                        line.revision == stored.value.revision
                    {
                        lines.append(line)
                    } else if let line = try await judged(stored) {
                        lines.append(line)
                    }
                case .success(nil):
                    if try await history.line(of: run.digits) != nil {
                        try await HistoryWriter(bucket: bucket) { lease.isHeld }.remove(run)
                    }
                case .failure: break
                }
            } catch {
                if error is CancellationError || Task.isCancelled { throw CancellationError() }
                failure = failure ?? error
            }
            turn.reach(run, isOneOfSeveral: hasTurns)
        }
        try await condense(lines)
        if let failure { throw failure }
    }

    /// Those that come after the last one that was looked at, then from the oldest on.
    static func turn(_ names: [RunName], after seen: RunName?) -> [RunName] {
        let start = seen.flatMap { seen in names.firstIndex { $0 > seen } } ?? 0
        return Array((names[start...] + names[..<start]).prefix(width))
    }

    /// - Returns: the run's line, where nothing is left of it.
    private func judged(_ stored: ClusterBucket.Stored<RunManifest>) async throws -> HistoryLine? {
        let manifest = stored.value
        guard manifest.verdict != .running, !manifest.nodes.contains(where: { $0.state == .held }) else {
            guard lease.isHeld else { return nil }
            let unfinished = UnfinishedRuns(cluster: cluster)
            try await shielded {
                try await unfinished.settle(stored, [])
                try await unfinished.judgeHeld(stored)
            }
            return nil
        }
        guard manifest.pin == nil else { return nil }
        let remains = try await RunRemains(manifest, bucket: cluster.impatientBucket, volumes: volumes)
        guard remains != .some else { return nil }
        return HistoryLine(manifest, overwrittenBy: Date().wholeSecond, hadVolumes: remains == .none)
    }

    /// A run that never had a volume goes when what came after it has gone: until then `retry` may still mend it.
    private func condense(_ lines: [HistoryLine]) async throws {
        guard let newestGone = lines.filter(\.hadVolumes).map(\.run).max() else { return }
        let gone = try await HistoryWriter(bucket: cluster.impatientBucket) { lease.isHeld }
            .condense(lines.filter { $0.run <= newestGone })
        let first = gone.first.map(\.digits) ?? ""
        cluster.console.say(
            gone.count == 1
                ? "run \(first) is history: every volume of it has been overwritten"
                : "\(gone.count) runs from \(first) on are history: every volume of them has been overwritten"
        )
    }
}
