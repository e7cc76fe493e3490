// SPDX-License-Identifier: Apache-2.0

/// Notices that no byte has moved for a while. A pure value: the caller brings clock and counters.
struct StallWatch {
    private var movedByteCount: Int64 = -1
    private var movedAt: ContinuousClock.Instant?

    /// True if `byteCount` (sent and received together) has not changed for `limit`, seen from earlier calls.
    ///
    /// While `isExcused` (connecting, or held by our own reader) time does not count.
    mutating func isStalled(
        byteCount: Int64, isExcused: Bool, now: ContinuousClock.Instant, limit: Duration
    ) -> Bool {
        guard let movedAt, byteCount == movedByteCount, !isExcused else {
            movedByteCount = byteCount
            self.movedAt = now
            return false
        }
        return now - movedAt >= limit
    }
}
