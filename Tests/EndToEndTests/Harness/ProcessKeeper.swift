// SPDX-License-Identifier: Apache-2.0

import Foundation
import Synchronization

/// Ends what the tests have started, and removes what they have put down, when the test process itself dies without
/// a chance to do so.
///
/// A shell in a process group of its own reads what to watch from a pipe; the pipe's end is the test process's end.
final class ProcessKeeper: Sendable {
    static let shared = ProcessKeeper()

    private let orders: Mutex<FileHandle?>

    private init() {
        let shell = Process()
        let pipe = Pipe()
        shell.executableURL = URL(fileURLWithPath: "/bin/bash")
        shell.arguments = ["-c", Self.script]
        shell.standardInput = pipe
        shell.standardOutput = FileHandle.nullDevice
        shell.standardError = FileHandle.nullDevice
        let isRunning = (try? shell.run()) != nil
        let handle = pipe.fileHandleForWriting
        _ = fcntl(handle.fileDescriptor, F_SETFD, FD_CLOEXEC)
        orders = Mutex(isRunning ? handle : nil)
    }

    private static let script = """
        trap '' INT TERM HUP
        declare -A watched placed
        while read -r verb what; do
            case $verb in
                watch) watched[$what]=1 ;;
                forget) unset "watched[$what]" ;;
                placed) placed[$what]=1 ;;
                removed) unset "placed[$what]" ;;
            esac
        done
        for pid in "${!watched[@]}"; do kill -KILL -- "-$pid" "$pid"; done
        for path in "${!placed[@]}"; do rm -rf -- "$path"; done
        """

    /// The process and its group die with the tests.
    func watch(_ process: Int32) { say("watch \(process)") }

    /// The process has been waited for: its number may be somebody else's soon.
    func forget(_ process: Int32) { say("forget \(process)") }

    /// The file, link or folder goes with the tests.
    func placed(_ path: String) { say("placed \(path)") }

    /// It is gone already.
    func removed(_ path: String) { say("removed \(path)") }

    private func say(_ order: String) {
        orders.withLock { handle in
            try? handle?.write(contentsOf: Data("\(order)\n".utf8))
        }
    }
}
