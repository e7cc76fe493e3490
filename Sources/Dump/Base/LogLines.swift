// SPDX-License-Identifier: Apache-2.0

import ChildProcess
import LogOutput
import Logging
import Synchronization

extension Logger {
    /// A program begins. Of its call only its name: arguments may be anything.
    func started(_ program: String, _ child: ChildProcess) {
        debug("program started", metadata: ["program": "\(program)", "pid": "\(child.processID)"])
    }

    /// How a program ended; at `info` where that was not with status 0.
    func ended(_ program: String, _ exit: ChildExit) {
        log(
            level: exit == .status(0) ? .debug : .info, "program ended",
            metadata: ["program": "\(program)", "end": "\(exit)"])
    }
}

/// The first messages of a program, as lines at `debug`.
final class MessageLog: Sendable {
    private static let lineLimit = 100

    private let logger: Logger
    private let count = Atomic<Int>(0)

    init(_ logger: Logger) {
        self.logger = logger
    }

    func take(_ text: @autoclosure () -> String) {
        guard logger.logLevel <= .debug, count.load(ordering: .relaxed) < Self.lineLimit else { return }
        let number = count.add(1, ordering: .relaxed).newValue
        logger.debug("tar: \(text().forLog)")
        if number == Self.lineLimit { logger.debug("further messages of tar are not logged") }
    }
}
