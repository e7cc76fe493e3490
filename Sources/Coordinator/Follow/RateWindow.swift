// SPDX-License-Identifier: Apache-2.0

/// Bytes a second over the last minute.
struct RateWindow: Sendable {
    static let length: Duration = .seconds(60)
    /// No more samples than one in this time are kept.
    static let grain: Duration = .milliseconds(250)

    private var samples: [(time: Duration, byteCount: Int64)] = []

    /// Takes a running total. One that falls (a new attempt) begins the window anew.
    mutating func take(_ byteCount: Int64, at time: Duration) {
        if let last = samples.last, byteCount < last.byteCount { samples = [] }
        // One that comes at once after the last replaces it: a flood of totals makes no longer window.
        if samples.count > 1, let last = samples.last, time - samples[samples.count - 2].time < Self.grain,
            last.time <= time
        {
            samples.removeLast()
        }
        samples.append((time, byteCount))
        // The newest sample that is a minute old or older stays: it is where the window begins.
        while samples.count > 2, time - samples[1].time >= Self.length { samples.removeFirst() }
    }

    /// Nil until two samples at least half a second apart are there.
    func bytesPerSecond(at time: Duration) -> Double? {
        guard let first = samples.first, let last = samples.last, samples.count > 1 else { return nil }
        let seconds = (max(time, last.time) - first.time).inSeconds
        return seconds >= 0.5 ? (Double(last.byteCount) - Double(first.byteCount)) / seconds : nil
    }
}
