// SPDX-License-Identifier: Apache-2.0

import CLinux
import Glibc

/// Where malloc keeps what threads have freed. A look at a file system has a thread of its own, many of them side by side: with glibc's
/// eight arenas a processor each of them leaves pages of its own behind.
public enum MemoryArenas {
    /// One a processor, two at least. Once, at a program's start.
    public static func limit() {
        amfleet_limit_arenas(Int32(clamping: max(2, sysconf(Int32(_SC_NPROCESSORS_ONLN)))))
    }
}
