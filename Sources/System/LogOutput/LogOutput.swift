// SPDX-License-Identifier: Apache-2.0

import Glibc
public import Logging

/// Where a program's log goes: lines of text on standard error.
///
/// Shape of a line: `TIME LEVEL MODULE: MESSAGE KEY=VALUE …`, the keys in the alphabet's order. Where systemd's journal
/// reads standard error there is no time, for the journal has one, and the line begins with its priority, `<6>`.
///
/// One event is one line of at most about 6 KB, whatever stands in it: see `LogText`. What one party at the other end
/// brings about is limited: see `LineLimit`.
public final class LogOutput: Sendable {
    private let descriptor: Int32
    private let isJournal: Bool
    private let party: String
    private let limit = LineLimit()

    /// Standard error, as the environment says.
    ///
    /// - Parameter party: the metadata key that names who is at the other end; lines that have it are limited.
    public convenience init(limitedBy party: String) {
        self.init(
            descriptor: STDERR_FILENO, limitedBy: party,
            journal: getenv("JOURNAL_STREAM").map { String(cString: $0) })
    }

    /// - Parameter journal: what `JOURNAL_STREAM` says; nil: it is not set.
    init(descriptor: Int32, limitedBy party: String, journal: String?) {
        self.descriptor = descriptor
        self.party = party
        isJournal = journal.map { Self.isSame($0, as: descriptor) } ?? false
    }

    public func logger(_ label: String, level: Logger.Level) -> Logger {
        Logger(label: label) { _ in LineHandler(output: self, logLevel: level) }
    }

    /// systemd says which device and inode its stream has; a program whose output was led elsewhere since still has the
    /// variable. Source: systemd.exec(5), `$JOURNAL_STREAM`.
    private static func isSame(_ stream: String, as descriptor: Int32) -> Bool {
        var facts = stat()
        guard fstat(descriptor, &facts) == 0 else { return false }
        return stream == "\(facts.st_dev):\(facts.st_ino)"
    }

    fileprivate func write(_ event: LogEvent, _ metadata: Logger.Metadata) {
        var metadata = metadata
        if let party = metadata[party] {
            guard let leftOut = limit.admit(site: event.site, party: LogText.clean("\(party)")) else {
                return
            }
            if leftOut > 0 { metadata["leftOut"] = "\(leftOut)" }
        }
        let start = isJournal ? "<\(event.level.priority)>" : "\(LogTime.now()) "
        write(
            "\(start)\(event.level) \(event.source): \(LogText.clean("\(event.message)", most: LogText.longestMessage))"
                + LogText.line(metadata) + "\n")
    }

    /// A whole line at once, so that those of several threads do not mix. What cannot be written is lost.
    private func write(_ line: String) {
        var rest = Array(line.utf8)[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return }
            rest = rest.dropFirst(count)
        }
    }
}

/// What swift-log asks: one logger's level and metadata.
private struct LineHandler: LogHandler {
    let output: LogOutput
    var logLevel: Logger.Level
    var metadata: Logger.Metadata = [:]
    var metadataProvider: Logger.MetadataProvider?

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        var all = metadata
        for more in [metadataProvider?.get(), event.metadata].compactMap(\.self) {
            all.merge(more) { _, newer in newer }
        }
        if let error = event.error { all["error"] = "\(error)" }
        output.write(event, all)
    }
}

extension LogEvent {
    fileprivate var site: LineLimit.Site { LineLimit.Site(file: file, line: line) }
}

extension Logger.Level {
    /// syslog's number. Source: sd-daemon(3).
    fileprivate var priority: Int {
        switch self {
        case .trace, .debug: 7
        case .info: 6
        case .notice: 5
        case .warning: 4
        case .error: 3
        case .critical: 2
        }
    }
}
