// SPDX-License-Identifier: Apache-2.0

public import AmandaFormat

/// Decides which dump starts next, and on which dumper: Amanda's driver as a value.
///
/// The caller asks `next` until it is told to wait, reports each end with `finish`, and asks again.
/// Source: Amanda 3.5.1 `server-src/driver.c`, `start_some_dumps`, `client_constrained`.
public struct DumpQueue: Equatable, Sendable {
    public enum Step: Equatable, Sendable {
        case start(DiskName, dumper: Int)
        /// Until a dump ends, or until this moment in seconds since 1970, whichever comes first.
        case wait(until: Int64?)
        /// Every dump has ended.
        case done
    }

    let limits: QueueLimits
    /// In the order of the plan: highest priority first.
    private(set) var waiting: [QueuedDump]
    /// By dumper.
    public private(set) var running: [Int: QueuedDump] = [:]

    public init(_ dumps: [QueuedDump], limits: QueueLimits) {
        waiting = dumps.enumerated().sorted {
            ($0.element.priority, $1.offset) > ($1.element.priority, $0.offset)
        }.map(\.element)
        self.limits = limits
    }

    /// What to do now.
    public mutating func next(now: Int64) -> Step {
        for dumper in 0..<limits.inparallel where running[dumper] == nil {
            guard let index = best(for: dumper, now: now) else { break }
            let dump = waiting.remove(at: index)
            running[dumper] = dump
            return .start(dump.name, dumper: dumper)
        }
        if waiting.isEmpty && running.isEmpty { return .done }
        return .wait(until: waiting.compactMap(\.earliest).filter { $0 > now }.min())
    }

    /// A dump has ended, whether well or not.
    public mutating func finish(_ name: DiskName) {
        for (dumper, dump) in running where dump.name == name { running[dumper] = nil }
    }

    /// No other dump starts; those that run go on.
    public mutating func giveUp() -> [DiskName] {
        defer { waiting = [] }
        return waiting.map(\.name)
    }

    /// A better key counts only at no lower priority.
    private func best(for dumper: Int, now: Int64) -> Int? {
        var best: Int?
        for index in waiting.indices where mayStart(waiting[index], now: now) {
            guard let incumbent = best else {
                best = index
                continue
            }
            if waiting[index].priority >= waiting[incumbent].priority,
                limits.order.prefers(waiting[index], to: waiting[incumbent], dumper: dumper)
            {
                best = index
            }
        }
        return best
    }

    private func mayStart(_ dump: QueuedDump, now: Int64) -> Bool {
        if let earliest = dump.earliest, earliest > now { return false }
        let sameHost = running.values.filter { $0.name.host == dump.name.host }
        guard sameHost.count < dump.maxdumps else { return false }
        guard dump.spindle == -1 || !sameHost.contains(where: { $0.spindle == dump.spindle }) else {
            return false
        }
        return isAdmitted(dump, among: Array(running.values), limit: limits.netusage)
            && isAdmitted(
                dump, among: running.values.filter { $0.interface == dump.interface },
                limit: limits.interfaces[dump.interface] ?? .max)
    }

    /// One that alone is above the gate passes when it is alone, or it would never start.
    private func isAdmitted(_ dump: QueuedDump, among others: [QueuedDump], limit: Int64) -> Bool {
        others.isEmpty || others.reduce(dump.bytesPerSecond) { $0 + $1.bytesPerSecond } <= Double(limit)
    }
}
