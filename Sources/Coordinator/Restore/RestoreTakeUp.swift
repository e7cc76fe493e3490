// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import AmandaFormat
import Digest
import FoundationEssentials

/// How far the very same restore (run, places, flags) has come on the nodes, whichever coordinator began it.
struct RestoreTakeUp: Sendable {
    /// After that nobody goes on with one: the data have a life of their own by then.
    private static let longest: Double = 3 * 86_400

    /// Of the ids of its jobs.
    private let prefix: String
    /// The newest of its jobs, by node.
    private let jobs: [String: JobSnapshot]

    /// - Parameter order: what all nodes' orders have in common.
    init(_ run: RunName, _ order: RestoreOrder) throws {
        let text = try WireJSON.line(order)
        prefix = "restore-\(run)-\(SHA256.digest(text).hexadecimal.prefix(5))"
        jobs = [:]
    }

    private init(prefix: String, jobs: [String: JobSnapshot]) {
        (self.prefix, self.jobs) = (prefix, jobs)
    }

    /// Asks the nodes; one that does not say is taken for one that has not begun.
    func looked(_ cluster: Cluster, _ nodes: [String], now: Date) async throws -> RestoreTakeUp {
        let found = try await onEveryNode(nodes) { node in
            try await cluster.agent(node).jobs().first { isOwn($0, node, now) }
        }
        return RestoreTakeUp(
            prefix: prefix, jobs: found.reduce(into: [:]) { $0[$1.node] = $1.report.flatMap(\.self) })
    }

    /// With what each node says.
    func saying(_ lists: [String: [JobSnapshot]], now: Date) -> RestoreTakeUp {
        RestoreTakeUp(
            prefix: prefix,
            jobs: lists.reduce(into: [:]) { jobs, list in
                jobs[list.key] = list.value.first { isOwn($0, list.key, now) }
            })
    }

    private func isOwn(_ job: JobSnapshot, _ node: String, _ now: Date) -> Bool {
        let age = now.timeIntervalSince(job.finishedAt ?? job.startedAt)
        return job.kind == .restore && job.id.hasPrefix(prefix) && job.id.hasSuffix("-\(node)")
            && (!job.state.isFinal || age < Self.longest)
    }

    /// Whether some node has not come to its end with it: then the others' ends are part of the same.
    var isGoingOn: Bool { jobs.values.contains { $0.state != .succeeded } }

    /// The job that runs on a node just now; nil: none of this restore.
    func running(on node: String) -> JobSnapshot? {
        jobs[node].flatMap { $0.state.isFinal ? nil : $0 }
    }

    /// Ids of jobs that are in nobody's way.
    var running: [String: String] {
        jobs.compactMapValues { $0.state.isFinal ? nil : $0.id }
    }

    /// The same restore may be asked for twice within a second: what tells the two apart cannot be the time.
    ///
    /// - Parameter number: of 32 bits.
    func id(_ node: String, number: UInt32 = .random(in: UInt32.min...UInt32.max)) -> String {
        "\(prefix)\(String(number, radix: 16))-\(node)"
    }
}

extension Lease {
    /// Of an older coordinator nobody knows.
    func isOfRestore(_ run: RunName) -> Bool { verb == RestoreCommand.verb && self.run == run }
}
