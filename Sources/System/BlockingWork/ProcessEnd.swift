// SPDX-License-Identifier: Apache-2.0

import Glibc

/// The end of a program that has threads.
public enum ProcessEnd {
    /// Ends this process with a status, and runs nothing that was left for its end: libcrypto frees there what a thread that is just
    /// ending still uses, and a command whose work was done would end with a signal (seen once in a thousand). Standard streams are
    /// flushed.
    public static func now(_ status: Int32) -> Never {
        fflush(nil)
        _exit(status)
    }
}
