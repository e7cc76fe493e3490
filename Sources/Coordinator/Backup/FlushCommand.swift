// SPDX-License-Identifier: Apache-2.0

import AgentAPI

/// `amfleet flush`: what lies on the nodes' holding disks goes to volumes, on all nodes at once; nothing is dumped.
///
/// A flush is no run of its own: it has no manifest. The runs that made the dumps are judged anew once these are in the bucket.
public struct FlushCommand: Sendable {
    let cluster: Cluster
    let options: RunOptions

    public init(_ cluster: Cluster, _ options: RunOptions) {
        self.cluster = cluster
        self.options = options
    }

    /// - Throws: why it could not begin, `CoordinatorError.nothingHeld` included. A node that fails is in the report.
    public func run() async throws -> FlushSetReport {
        let selection = try options.selection(of: cluster)
        let preflight = try await Preflight.passed(
            cluster, nodes: selection.nodes, configurations: selection.configurations)
        let parts = Self.parts(preflight)
        guard parts.contains(where: { !$0.configurations.isEmpty || !$0.faults.isEmpty }) else {
            throw CoordinatorError.nothingHeld(nodes: selection.nodes)
        }
        let run = try await preflight.newRun(of: cluster)
        return try await cluster.holding(for: "flush", run, isLeased: options.isLeased) { lease in
            _ = try preflight.fitNodes()
            try await UnfinishedRuns(cluster: cluster).settle(preflight.statuses)
            return try await carry(parts, run, lease, held: preflight.heldRuns)
        }
    }

    /// One node, and what it holds.
    struct Part: Sendable, Equatable {
        let node: String
        /// Those with held dumps; none where the node gets no job.
        let configurations: [ConfigurationChoice]
        /// Why the agent does not say, or gets no job.
        let faults: [WireError]
    }

    static func parts(_ preflight: Preflight) -> [Part] {
        zip(preflight.statuses, preflight.fitness).map { outcome, fitness in
            guard fitness.isFit else {
                return Part(node: outcome.node, configurations: [], faults: fitness.reasons)
            }
            let configurations = outcome.report?.configurations ?? []
            return Part(
                node: outcome.node,
                configurations: configurations.filter { $0.held?.isEmpty == false }
                    .map { ConfigurationChoice(name: $0.name, role: $0.role) },
                faults: outcome.faults + configurations.flatMap { $0.silence(on: outcome.node) })
        }
    }

    private func carry(
        _ parts: [Part], _ run: RunName, _ lease: RunLease?, held: [RunName]
    ) async throws -> FlushSetReport {
        let number = String(UInt32.random(in: UInt32.min...UInt32.max), radix: 16)
        let protection = try await cluster.protection()
        let flushing = parts.filter { !$0.configurations.isEmpty }
        cluster.console.say(
            "flush \(run): \(Quantity.count(flushing.count, "node")) with held dumps")
        let jobs = flushing.map { part in
            FleetJob(
                request: cluster.request(
                    .flush(FlushOrder(configurations: part.configurations)), run: run, node: part.node,
                    among: flushing.count, id: "flush-\(run)-\(number)-\(part.node)",
                    fence: lease?.fence ?? 0, protection: protection.order(for: part.node)))
        }
        let result = try await FleetJobs(cluster: cluster, lease: lease).carry(jobs)
        await UnfinishedRuns(cluster: cluster).settleHeld(held)
        return FlushSetReport(
            run: run, result,
            asked: Dictionary(flushing.map { ($0.node, $0.configurations.map(\.name)) }) { first, _ in first
            },
            silent: parts.filter { !$0.faults.isEmpty })
    }
}

extension ConfigurationStatus {
    /// Why nobody knows what it holds; empty: it says.
    fileprivate func silence(on node: String) -> [WireError] {
        held == nil ? faults.map { $0.on(node).at(node: node, configuration: name) } : []
    }
}
