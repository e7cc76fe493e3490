// SPDX-License-Identifier: Apache-2.0

import CLinux
import Glibc

/// How many files, pipes and connections this process may have open at the same time (`RLIMIT_NOFILE`).
public enum DescriptorLimit {
    /// Raises the soft limit to the hard one, for this process alone: programs that it starts get back what it was given, since
    /// some cannot work with numbers above 1,023 (`select`) or close every number there may be. Once, at a program's start.
    public static func raise() {
        amfleet_raise_descriptor_limit()
    }

    /// What may be open now; at least 1.
    public static var current: Int {
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return 1_024 }
        return max(1, Int(clamping: limit.rlim_cur))
    }

    /// Whether another one could be opened at this moment; asks the kernel.
    public static var isReached: Bool {
        let descriptor = amfleet_open("/", O_RDONLY | O_DIRECTORY, 0)
        guard descriptor >= 0 else { return SystemReason.isShortage(-descriptor) }
        close(descriptor)
        return false
    }
}
