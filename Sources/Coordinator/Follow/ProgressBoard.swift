// SPDX-License-Identifier: Apache-2.0

import AgentAPI

/// What the operator sees of every node: running totals, the newest value wins.
actor ProgressBoard {
    /// Of one node, at most; a node may send notes without end.
    static let noteLimit = 500
    private static let noteLength = 2000

    private let nodes: [String]
    private var rows: [String: ProgressRow] = [:]
    private var notes: [String] = []

    init(nodes: [String]) {
        self.nodes = nodes
        for node in nodes { rows[node] = ProgressRow(node: node) }
    }

    func update(_ node: String, _ progress: JobProgress) {
        rows[node]?.take(progress, at: MonotonicTime.now)
    }

    /// Something to tell once, on a line of its own. The same text of the same node twice in a row is told once.
    func note(_ node: String, _ text: String) {
        let line = "\(node): \(text.prefix(Self.noteLength))"
        guard rows[node]?.lastNote != line else { return }
        rows[node]?.lastNote = line
        rows[node]?.noteCount += 1
        guard let count = rows[node]?.noteCount, count <= Self.noteLimit else { return }
        notes.append(line)
        if count == Self.noteLimit { notes.append("\(node): what else it notes is not shown here") }
    }

    /// Something about the cluster as a whole.
    func note(_ text: String) {
        notes.append(text)
    }

    func end(_ ending: NodeEnding) {
        if let progress = ending.snapshot?.progress { update(ending.node, progress) }
        rows[ending.node]?.ending = ending.error.map { .failed($0.message) } ?? .complete
    }

    /// Where a job that another coordinator carries stands. An interrupted one may be started again by it.
    func show(_ node: String, _ job: JobSnapshot) {
        if job.progress.dumpedBytes > 0 || !job.state.isFinal { update(node, job.progress) }
        rows[node]?.ending =
            switch job.state {
            case .accepted, .running: nil
            case .succeeded: .complete
            case .failed, .cancelled, .interrupted: .failed(job.error?.message ?? job.state.rawValue)
            }
    }

    /// The rows in node order, and the notes since the last call.
    func takeNews() -> (rows: [ProgressRow], notes: [String]) {
        defer { notes = [] }
        return (nodes.compactMap { rows[$0] }, notes)
    }
}

/// One node's line.
struct ProgressRow: Sendable {
    enum Ending: Sendable, Equatable {
        case complete
        case failed(String)
    }

    let node: String
    var progress: JobProgress?
    var rate = RateWindow()
    var ending: Ending?
    var lastNote: String?
    var noteCount = 0

    init(node: String) {
        self.node = node
    }

    mutating func take(_ progress: JobProgress, at time: Duration) {
        self.progress = progress
        // Where nobody sits each change of it is a line of the log.
        self.progress?.current = progress.current.map(JobClaim.told)
        rate.take(progress.dumpedBytes, at: time)
    }
}
