// SPDX-License-Identifier: Apache-2.0

import Logging
import Synchronization

/// Keeps what is logged, at notice and above, for a test to read.
final class LogCollector: Sendable {
    private let lines = Mutex<[String]>([])

    var logger: Logger {
        Logger(label: "test") { _ in Handler(collector: self) }
    }

    /// Each line as `message peer=…`.
    var text: String { lines.withLock { $0.joined(separator: "\n") } }

    private struct Handler: LogHandler {
        let collector: LogCollector
        var metadata: Logger.Metadata = [:]
        var logLevel = Logger.Level.notice

        func log(event: LogEvent) {
            let peer = event.metadata?["peer"].map { " peer=\($0)" } ?? ""
            collector.lines.withLock { $0.append("\(event.message)\(peer)") }
        }

        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }
    }
}
