// SPDX-License-Identifier: Apache-2.0

import CLinux
import Glibc

/// Closes a descriptor: the file system may have to be told, and not answer. Where the calling thread must not block, a thread of its own does it.
public func closeDescriptor(_ descriptor: Int32) {
    guard amfleet_thread_may_block() == 0 else {
        close(descriptor)
        return
    }
    do { try startThread("close") { close(descriptor) } } catch { close(descriptor) }
}
