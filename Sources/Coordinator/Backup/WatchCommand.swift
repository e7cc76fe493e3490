// SPDX-License-Identifier: Apache-2.0

public import AgentAPI

/// `amfleet watch [RUN]`: joins a run that goes on, and brings it to its end if its coordinator is gone.
public struct WatchCommand: Sendable {
    static let lookEvery: Duration = .seconds(2)

    let cluster: Cluster
    /// False with `--no-lease`: nothing says whether the run's coordinator lives, and the operator vouches that it does not.
    let isLeased: Bool

    public init(_ cluster: Cluster, isLeased: Bool = true) {
        self.cluster = cluster
        self.isLeased = isLeased
    }

    /// - Parameter run: nil: the newest that runs, or else the newest of all.
    public func run(_ run: RunName?) async throws -> RunReport {
        try await cluster.refuseForeignPrefix()
        let stored = try await choose(run)
        guard stored.value.verdict == .running else {
            return try await RunReport(
                ended: stored.value, asked: asked(stored.value),
                isCancelled: stored.value.verdict == .cancelled, cluster)
        }
        let run = stored.value.run
        let board = ProgressBoard(nodes: stored.value.nodes.filter { $0.state == .running }.map(\.node))
        let step: Step
        do {
            step = try await ProgressPrinter(board: board, console: cluster.console).whileRunning {
                try await untilOursOrOver(run, board)
            }
        } catch  where Task.isCancelled {
            throw CoordinatorError.watchEnded(run)
        }
        switch step {
        case .over(let manifest): return report(manifest)
        case .ours(let lease): return try await adopt(run, lease)
        }
    }

    private enum Step: Sendable {
        case over(RunManifest)
        case ours(RunLease?)
    }

    private func choose(_ run: RunName?) async throws -> ClusterBucket.Stored<RunManifest> {
        let choice = RunChoice(cluster)
        if let run { return try await choice.manifest(run) }
        if let unfinished = try await UnfinishedRuns(cluster: cluster).newest(in: cluster.impatientBucket) {
            return unfinished
        }
        let bucket = cluster.impatientBucket
        if let newest = try await bucket.newestManifests(1).first { return newest }
        // One that is there and cannot be read says why.
        guard let run = try await bucket.existing(1, of: bucket.runs().reversed()).first else {
            throw CoordinatorError.noRuns
        }
        return try await choice.manifest(run)
    }

    /// While the run's own coordinator lives it only looks on; when its lease is free the run becomes ours.
    private func untilOursOrOver(_ run: RunName, _ board: ProgressBoard) async throws -> Step {
        var told: Lease?
        while true {
            let manifest = try await RunChoice(cluster.bucket).manifest(run).value
            if manifest.verdict != .running { return .over(manifest) }
            do {
                return .ours(try await takeLease(run))
            } catch CoordinatorError.leaseHeld(let lease) {
                if told?.isSameHold(as: lease) != true { await board.note(Self.text(of: lease)) }
                told = lease
            }
            try await look(manifest, board)
            try await Task.sleep(for: Self.lookEvery)
        }
    }

    /// A lease that comes while the operator gives up is given back: the run goes on without us.
    private func takeLease(_ run: RunName) async throws -> RunLease? {
        guard isLeased else { return nil }
        let lease = try await shielded { try await cluster.takeLease(for: "watch", run) }
        guard Task.isCancelled else { return lease }
        await Task { await lease.release() }.value
        throw CancellationError()
    }

    static func text(of lease: Lease) -> String {
        "\(lease.holder) holds the cluster: \(lease.purpose); unless renewed, its lease ends at "
            + LocalTime(lease.expiresAt).text
    }

    /// Asks each agent where its job stands. One that does not answer is told of, and asked again.
    private func look(_ manifest: RunManifest, _ board: ProgressBoard) async throws {
        let running = manifest.nodes.filter { $0.state == .running }
        let ids = Dictionary(running.map { ($0.node, $0.jobID) }) { first, _ in first }
        let outcomes = try await onEveryNode(running.map(\.node)) { node in
            guard let id = ids[node], let job = try await cluster.agent(node).job(id) else { return }
            await board.show(node, job)
        }
        for outcome in outcomes {
            if let error = outcome.error { await board.note(outcome.node, error.message) }
        }
    }

    private func adopt(_ run: RunName, _ lease: RunLease?) async throws -> RunReport {
        try await cluster.kept(lease) {
            let stored = try await RunChoice(cluster.bucket).manifest(run)
            guard stored.value.verdict == .running else { return report(stored.value) }
            cluster.console.say(
                stored.value.isLeased
                    ? "run \(run) has lost its coordinator: taken over"
                    : "run \(run) has no lease to tell whether its coordinator lives: taken over")
            return try await RunCarrier(
                cluster: cluster, lease: lease, protection: try await cluster.protection()
            ).carry(
                stored, parts(stored.value))
        }
    }

    private func parts(_ manifest: RunManifest) -> [RunCarrier.Part] {
        manifest.nodes.filter { $0.state == .running }
            .map { .init(node: $0.node, attempt: max(1, $0.attempt), isKnown: true) }
    }

    private func report(_ manifest: RunManifest) -> RunReport {
        RunReport(manifest, asked: asked(manifest), isCancelled: manifest.verdict == .cancelled)
    }

    private func asked(_ manifest: RunManifest) -> [String] {
        manifest.nodes.filter { $0.attempt > 0 }.map(\.node)
    }
}
