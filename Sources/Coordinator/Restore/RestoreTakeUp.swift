// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import AmandaFormat
import Digest
import FoundationEssentials

/// How far the very same restore (run, places, flags, whose data) has come on the nodes, whichever coordinator began it.
struct RestoreTakeUp: Sendable {
    /// After that nobody goes on with one: the data have a life of their own by then.
    private static let longest: Double = 3 * 86_400

    /// Of the ids of its jobs on a machine that gets its own data.
    private let prefix: String
    /// The same by machine, of those that get another's.
    private let moved: [String: String]
    /// The newest of its jobs, by node.
    private var jobs: [String: JobSnapshot] = [:]
    /// What ran on each node when it was asked how it stands: it may have ended by the time that its jobs were, and is as little in the way.
    private var seen: [String: String] = [:]

    /// - Parameters:
    ///   - order: what all nodes' orders have in common.
    ///   - sources: whose data go to machines of other names, by the machine's.
    init(_ run: RunName, _ order: RestoreOrder, sources: [String: String] = [:]) throws {
        func prefix(_ source: String) throws -> String {
            var order = order
            order.sourceNode = source
            return "restore-\(run)-\(SHA256.digest(try WireJSON.line(order)).hexadecimal.prefix(5))"
        }
        self.prefix = try prefix("")
        moved = try sources.mapValues(prefix)
    }

    private func prefix(of node: String) -> String { moved[node] ?? prefix }

    /// Asks the nodes; one that does not say is taken for one that has not begun.
    ///
    /// - Parameter nodes: that have answered, with the job that ran there then.
    func looked(_ cluster: Cluster, _ nodes: [String: String?], now: Date) async throws -> RestoreTakeUp {
        let found = try await onEveryNode(nodes.keys.sorted()) { node in
            try await cluster.agent(node).jobs().first { isOwn($0, node, now) }
        }
        return with(
            found.reduce(into: [:]) { $0[$1.node] = $1.report.flatMap(\.self) },
            seen: nodes.compactMapValues(\.self))
    }

    private func with(_ jobs: [String: JobSnapshot], seen: [String: String]) -> RestoreTakeUp {
        var takeUp = self
        (takeUp.jobs, takeUp.seen) = (jobs, seen)
        return takeUp
    }

    /// With what each node says.
    ///
    /// - Parameter seen: the jobs that ran on the nodes shortly before.
    func saying(
        _ lists: [String: [JobSnapshot]], seen: [String: String] = [:], now: Date
    ) -> RestoreTakeUp {
        with(
            lists.reduce(into: [:]) { jobs, list in
                jobs[list.key] = list.value.first { isOwn($0, list.key, now) }
            }, seen: seen)
    }

    private func isOwn(_ job: JobSnapshot, _ node: String, _ now: Date) -> Bool {
        let age = now.timeIntervalSince(job.finishedAt ?? job.startedAt)
        return job.kind == .restore && job.id.hasPrefix(prefix(of: node)) && job.id.hasSuffix("-\(node)")
            && (!job.state.isFinal || age < Self.longest)
    }

    /// Whether some node has not come to its end with it: then the others' ends are part of the same.
    var isGoingOn: Bool { jobs.contains { $1.state != .succeeded || seen[$0] == $1.id } }

    /// The job that runs on a node just now; nil: none of this restore.
    func running(on node: String) -> JobSnapshot? {
        guard let job = jobs[node] else { return nil }
        return !job.state.isFinal || seen[node] == job.id && job.state == .succeeded ? job : nil
    }

    /// Ids of jobs that are in nobody's way.
    var running: [String: String] {
        jobs.filter { !$1.state.isFinal || seen[$0] == $1.id }.mapValues(\.id)
    }

    /// The same restore may be asked for twice within a second: what tells the two apart cannot be the time.
    ///
    /// - Parameter number: of 32 bits.
    func id(_ node: String, number: UInt32 = .random(in: UInt32.min...UInt32.max)) -> String {
        "\(prefix(of: node))\(String(number, radix: 16))-\(node)"
    }
}

extension Lease {
    /// Of an older coordinator nobody knows.
    func isOfRestore(_ run: RunName) -> Bool { verb == RestoreCommand.verb && self.run == run }
}
