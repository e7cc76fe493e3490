// SPDX-License-Identifier: Apache-2.0

import CLinux

/// What the kernel would write of this process's memory if it crashed: keys and passphrases are in there.
public enum CoreDumps {
    /// None is written from here on, neither into a file nor to a program (`kernel.core_pattern`), and none of the programs that this
    /// one starts leaves a core file. Once, at a program's start. Where the kernel refuses, nothing changes.
    public static func forbid() {
        _ = amfleet_forbid_core()
    }
}
