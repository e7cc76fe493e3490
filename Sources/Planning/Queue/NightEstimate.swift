// SPDX-License-Identifier: Apache-2.0

import AmandaFormat
import Saturation

/// How long a run is expected to take, and what makes it so long.
public struct NightEstimate: Equatable, Sendable {
    /// With everything as configured.
    public var seconds: Double
    /// Without `netusage` and interface limits.
    var withoutGate: Double
    /// Without the cap on the sum of all uploads.
    var withoutCap: Double
    private let capName: String
    /// Where several parts take their time, each with its own; else empty.
    private let shares: String

    /// Plays the queue through.
    ///
    /// - Parameters:
    ///   - capBytesPerSecond: what all uploads together may send; nil: no cap.
    ///   - capName: where that is set, for the warning.
    public init(
        _ dumps: [QueuedDump], limits: QueueLimits, capBytesPerSecond: Double?,
        capName: String = "the cap on the sum of uploads", now: Int64
    ) {
        self.capName = capName
        shares = ""
        var ungated = limits
        (ungated.netusage, ungated.interfaces) = (.max, [:])
        seconds = Self.play(DumpQueue(dumps, limits: limits), cap: capBytesPerSecond, now: now)
        withoutGate = Self.play(DumpQueue(dumps, limits: ungated), cap: capBytesPerSecond, now: now)
        withoutCap = Self.play(DumpQueue(dumps, limits: limits), cap: nil, now: now)
    }

    /// The parts of a run that follow one another, by their names.
    public init(_ parts: [(name: String, night: NightEstimate)]) {
        seconds = parts.reduce(0) { $0 + $1.night.seconds }
        withoutGate = parts.reduce(0) { $0 + $1.night.withoutGate }
        withoutCap = parts.reduce(0) { $0 + $1.night.withoutCap }
        let capped = parts.map(\.night).filter { $0.withoutCap < $0.seconds }
        capName = Set(capped.map(\.capName)).sorted().joined(separator: " and ")
        let long = parts.filter { $0.night.seconds >= 60 }
        shares =
            long.count < 2
            ? ""
            : " (one after the other: "
                + long.map { "\($0.name) \(Self.hours($0.night.seconds))" }.joined(separator: ", ") + ")"
    }

    /// What `plan` says when the run would not end in time.
    ///
    /// - Parameter available: seconds until the next run.
    public func warnings(available: Double) -> [String] {
        guard seconds > available else { return [] }
        var causes: [String] = []
        if withoutGate < seconds * 0.95 {
            causes.append("without netusage and interface limits \(Self.hours(withoutGate))")
        }
        if withoutCap < seconds * 0.95 {
            causes.append("without \(capName) \(Self.hours(withoutCap))")
        }
        let time =
            "the run is expected to take \(Self.hours(seconds))\(shares), and there are \(Self.hours(available))"
        return [causes.isEmpty ? time : "\(time); \(causes.joined(separator: ", "))"]
    }

    /// Rates shrink in proportion where their sum is above the cap.
    private static func play(_ queue: DumpQueue, cap: Double?, now: Int64) -> Double {
        var queue = queue
        var left: [DiskName: Double] = [:]
        var time = 0.0
        while true {
            switch queue.next(now: now.saturatingPlus(Int64(saturating: time))) {
            case .done: return time
            case .start(let name, let dumper):
                left[name] = Double(queue.running[dumper]?.storedBytes ?? 0)
            case .wait(let until):
                let wall = until.map { max(1, Double($0.saturatingMinus(now)) - time) }
                guard let step = advance(&queue, &left, cap: cap, atMost: wall) else { return time }
                time += step
            }
        }
    }

    /// Until the first dump ends; nil when nothing runs and nothing is waited for.
    private static func advance(
        _ queue: inout DumpQueue, _ left: inout [DiskName: Double], cap: Double?, atMost wall: Double?
    ) -> Double? {
        let sum = queue.running.values.reduce(0) { $0 + $1.bytesPerSecond }
        let factor = cap.map { sum > $0 ? max($0, 1) / sum : 1 } ?? 1
        let rates = queue.running.values.map { (name: $0.name, rate: max(1, $0.bytesPerSecond * factor)) }
        let ends = rates.map { (left[$0.name] ?? 0) / $0.rate }
        guard let step = (ends + (wall.map { [$0] } ?? [])).min() else { return nil }
        for (name, rate) in rates {
            let rest = (left[name] ?? 0) - rate * step
            left[name] = rest
            if rest <= rate * 1e-6 { queue.finish(name) }
        }
        return step
    }

    private static func hours(_ seconds: Double) -> String {
        let minutes = Int((min(seconds, 1e12) / 60).rounded(.up))
        return minutes < 60 ? "\(minutes) min" : "\(minutes / 60) h \(minutes % 60) min"
    }
}
