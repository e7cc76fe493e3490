// SPDX-License-Identifier: Apache-2.0

/// Time that never jumps, as a `Duration` since the process began.
enum MonotonicTime {
    private static let start = ContinuousClock.now

    static var now: Duration { ContinuousClock.now - start }
}
