// SPDX-License-Identifier: Apache-2.0

import CLinux
import Synchronization

/// Holds that only threads made for it wait for a disk, never those of the cooperative pool.
public enum BlockingThread {
    private static let isEnforced = Atomic<Bool>(false)

    /// From now on `require` ends a program that was built for debugging, as those are that the tests run. Nothing happens in
    /// others.
    public static func enforce() {
        isEnforced.store(true, ordering: .relaxed)
    }

    /// Called by whatever may wait for a disk or a child, with its name and what it waits for.
    public static func require(_ call: StaticString, _ subject: @autoclosure () -> String = "") {
        #if DEBUG
        guard isEnforced.load(ordering: .relaxed), amfleet_thread_may_block() == 0 else { return }
        fatalError("\(call) '\(subject())' on a thread that must not block: use runBlocking")
        #endif
    }

    /// For an executor with threads of its own: what `body` does may block.
    public static func here(_ body: () -> Void) {
        amfleet_let_thread_block(1)
        defer { amfleet_let_thread_block(0) }
        body()
    }
}
