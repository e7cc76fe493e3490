// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import Saturation

/// Progress in words: pure, so that every line can be read in a test.
enum ProgressText {
    /// One line a node, and one for the set where there are several.
    ///
    /// - Parameter limit: how many lines there is room for; those of nodes that still run go first.
    static func lines(_ rows: [ProgressRow], at time: Duration, atMost limit: Int? = nil) -> [String] {
        let shown = chosen(rows, atMost: limit)
        let width = (shown.map(\.node.count) + [3]).max() ?? 3
        var lines = shown.map { row in
            row.node + String(repeating: " ", count: width - row.node.count) + "  " + state(of: row, at: time)
        }
        if shown.count < rows.count { lines.append("… and \(rows.count - shown.count) more") }
        if rows.count > 1 {
            lines.append("all" + String(repeating: " ", count: width - 3) + "  " + set(rows, at: time))
        }
        return lines
    }

    private static func chosen(_ rows: [ProgressRow], atMost limit: Int?) -> [ProgressRow] {
        guard let limit, rows.count > 1, rows.count + 1 > limit else { return rows }
        let room = max(1, limit - 2)
        let byInterest =
            rows.filter { $0.ending == nil } + rows.filter { $0.ending != nil && $0.ending != .complete }
            + rows.filter { $0.ending == .complete }
        let names = Set(byInterest.prefix(room).map(\.node))
        return rows.filter { names.contains($0.node) }
    }

    /// What stands after the node's name.
    static func state(of row: ProgressRow, at time: Duration) -> String {
        switch row.ending {
        case .failed(let reason): return "failed: \(reason)"
        case .complete:
            return [
                "complete",
                row.progress.flatMap { $0.dumpedBytes > 0 ? Quantity.bytes($0.dumpedBytes) : nil },
            ].compactMap { $0 }
                .joined(separator: "  ")
        case nil: break
        }
        guard let progress = row.progress else { return "waiting for the agent" }
        let rate = row.rate.bytesPerSecond(at: time)
        var pieces = [
            amount(progress.dumpedBytes, of: progress.expectedBytes),
            rate.map(Quantity.rate),
            remaining(progress.dumpedBytes, of: progress.expectedBytes, rate: rate),
        ].compactMap { $0 }
        if progress.totalDisks > 0 { pieces.append("disks \(progress.finishedDisks)/\(progress.totalDisks)") }
        if let resource = progress.limitedBy { pieces.append("limited by \(name(resource))") }
        if let current = progress.current { pieces.append(current) }
        return pieces.joined(separator: "  ")
    }

    private static func set(_ rows: [ProgressRow], at time: Duration) -> String {
        let done = rows.compactMap(\.progress?.dumpedBytes).byteSum
        let expectations = rows.map { row in
            row.ending == nil ? row.progress?.expectedBytes : row.progress?.dumpedBytes ?? 0
        }
        let expected = expectations.contains(nil) ? nil : expectations.compactMap { $0 }.byteSum
        let rates = rows.filter { $0.ending == nil }.compactMap { $0.rate.bytesPerSecond(at: time) }
        let rate = rates.isEmpty ? nil : rates.reduce(0, +)
        let ended = rows.filter { $0.ending != nil }.count
        return [
            amount(done, of: expected), rate.map(Quantity.rate), remaining(done, of: expected, rate: rate),
            "nodes \(ended)/\(rows.count)",
        ].compactMap { $0 }.joined(separator: "  ")
    }

    private static func amount(_ done: Int64, of expected: Int64?) -> String {
        guard let expected, expected > 0 else { return Quantity.bytes(done) }
        let percent = Int(saturating: min(100, Double(max(0, done)) * 100 / Double(expected)).rounded(.down))
        return "\(Quantity.bytes(done)) of \(Quantity.bytes(expected))  \(percent) %"
    }

    private static func remaining(_ done: Int64, of expected: Int64?, rate: Double?) -> String? {
        guard let expected, let rate, rate > 0, expected > done else { return nil }
        return "ETA \(Quantity.duration(seconds: (Double(expected) - Double(done)) / rate))"
    }

    private static func name(_ resource: JobProgress.Resource) -> String {
        switch resource {
        case .disk: "disk"
        case .cpu: "CPU"
        case .storage: "S3"
        case .other: "something else"
        }
    }
}
