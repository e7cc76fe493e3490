// SPDX-License-Identifier: Apache-2.0

import CLinux
import Synchronization

/// What a thread asked for last that may not answer: where it hangs, if it does.
///
/// Whatever may wait notes it (`BlockingThread.require`). A wait for another thread takes the note away.
final class ThreadTouch: Sendable {
    private let noted = Mutex<String?>(nil)

    /// nil: it waits for nothing that `Hangs` could know, as far as anybody knows.
    var subject: String? { noted.withLock { $0 } }

    func note(_ call: StaticString, _ subject: String) {
        let name = Self.name(call, subject)
        noted.withLock { $0 = name }
    }

    /// As `Hangs` knows it: a path; of what is none, such as a user who is looked up, the call as well.
    static func name(_ call: StaticString, _ subject: String) -> String? {
        if subject.utf8.contains(UInt8(ascii: "/")) { return subject }
        return subject.isEmpty ? nil : "\(call) \(subject)"
    }

    /// Of the calling thread; nil: it is none of those that were made to block.
    static var ofThisThread: ThreadTouch? {
        amfleet_thread_note().map { Unmanaged<ThreadTouch>.fromOpaque($0).takeUnretainedValue() }
    }

    /// Runs `body` as all that the calling thread does.
    static func onThisThread(_ body: () -> Void) {
        let touch = ThreadTouch()
        withExtendedLifetime(touch) {
            amfleet_set_thread_note(Unmanaged.passUnretained(touch).toOpaque())
            body()
            amfleet_set_thread_note(nil)
        }
    }
}
