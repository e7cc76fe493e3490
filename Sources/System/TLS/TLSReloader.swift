// SPDX-License-Identifier: Apache-2.0

import BlockingWork
import Certificates
public import Logging
import Synchronization

/// Notices that a server's TLS files were replaced, and has them read again.
///
/// Looks at which files the paths lead to and when they changed, every `interval`. Files that cannot be used (half
/// copied, key and certificate of different issue) are tried again as soon as one of them changes once more.
public final class TLSReloader: Sendable {
    /// What a look at the files led to.
    enum Outcome: Sendable, Equatable {
        /// They are the ones that were last read.
        case unchanged
        /// They were read, and new connections use them.
        case reloaded
        /// They are of no use; the old ones stay.
        case refused(TLSError)
    }

    private let context: TLSServerContext
    private let interval: Duration
    private let logger: Logger
    private let lastSeen: Mutex<[FileStamp?]>

    /// Watches the files of `context` from their present state on.
    public init(_ context: TLSServerContext, every interval: Duration = .seconds(30), logger: Logger) {
        self.context = context
        self.interval = interval
        self.logger = logger
        lastSeen = Mutex(context.files.stamps)
    }

    /// Watches until the task is cancelled.
    public func run() async {
        while (try? await Task.sleep(for: interval)) != nil {
            _ = try? await runBlocking("tls-files") { self.checkNow() }
        }
    }

    /// Looks at the files now. Blocks.
    @discardableResult func checkNow() -> Outcome {
        let stamps = context.files.stamps
        let isNew = lastSeen.withLock { seen in
            defer { seen = stamps }
            return seen != stamps
        }
        guard isNew else { return .unchanged }
        do {
            try context.reload()
        } catch {
            logger.error("new TLS files refused, the old ones stay in use", metadata: ["reason": "\(error)"])
            return .refused(error)
        }
        let facts = context.certificateFacts
        logger.notice(
            "TLS files reloaded", metadata: ["subject": "\(facts.subject)", "serial": "\(facts.serial)"])
        for warning in context.warnings {
            logger.warning("\(warning)")
        }
        return .reloaded
    }
}
