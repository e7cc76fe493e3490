// SPDX-License-Identifier: Apache-2.0

import AmandaFormat

/// For how long a run may show nothing while all is well, as `amanda.conf` has it, in seconds.
extension PreparedConfiguration {
    /// Until the last estimate is there. A negative `etimeout` is of all together.
    var longestEstimates: Int {
        let limit = configuration.estimateTimeoutSeconds
        guard limit >= 0 else { return -max(limit, -Self.longest) }
        // Three levels a disk at most, each between scripts.
        return Self.product(limit, entries.count * 3 * (1 + scriptCount * 2))
    }

    /// Between two signs of a dump: tar, and the scripts before it at the points of the run, of the host and of the disk.
    var longestSilence: Int {
        Self.product(max(1, configuration.dumpTimeoutSeconds), 1 + scriptCount * 4)
    }

    private var scriptCount: Int { entries.map(\.dumptype.scripts.count).max() ?? 0 }

    /// A year.
    private static let longest = 31_536_000

    private static func product(_ seconds: Int, _ count: Int) -> Int {
        let (product, isTooLarge) = seconds.multipliedReportingOverflow(by: count)
        return isTooLarge ? longest : min(product, longest)
    }
}
