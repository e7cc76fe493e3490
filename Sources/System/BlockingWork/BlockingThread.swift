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

    /// Called by whatever may wait for a disk or a child, with its name and what it waits for; nothing: for another thread.
    public static func require(_ call: StaticString, _ subject: @autoclosure () -> String = "") {
        ThreadTouch.ofThisThread?.note(call, subject())
        #if DEBUG
        guard isEnforced.load(ordering: .relaxed), amfleet_thread_may_block() == 0 else { return }
        fatalError("\(call) '\(subject())' on a thread that must not block: use runBlocking")
        #endif
    }

    /// The same, for what can fail.
    ///
    /// - Returns: why nobody is to ask: somebody has hung there for long, and one is enough. nil: it may be asked.
    public static func refusal(_ call: StaticString, _ subject: String) -> HangFault? {
        require(call, subject)
        return Hangs.refusal { ThreadTouch.name(call, subject) }
    }

    /// For an executor with threads of its own: what `body` does may block.
    public static func here(_ body: () -> Void) {
        amfleet_let_thread_block(1)
        defer { amfleet_let_thread_block(0) }
        body()
    }
}
