// SPDX-License-Identifier: Apache-2.0

import AmandaFormat
import BlockingWork
import ChildProcess
import Files
import Glibc
import Logging
import Synchronization

/// Gathers what tar says while it makes an archive: the index into a file, messages up to a bound.
///
/// `take` is called on the thread that reads tar's standard error, the rest after tar has ended.
final class TarListing: Sendable {
    /// Messages of each kind that are kept; of more only the number.
    static let keptMessageCount = 500

    private let state: Mutex<State>
    private let log: MessageLog

    private struct State {
        var index: IndexFile?
        let sorter: TarMessageSorter
        var notes = BoundedMessages()
        var strange = BoundedMessages()
        var totalByteCount: Int64?
        var entryCount = 0
        var fileCount = 0
        /// Of the agent's own directory: the dump ends for it.
        var fault: (any Error)?
        var child: ChildProcess?
        var watch: StateWatch?
        var firstReadError: String?
        var cause = FailureCause()
        var isSnapshotWithoutRoom = false

        mutating func heard(_ text: String) {
            cause.take(text)
            let full = [": Cannot write: No space left on device", ": Cannot write: Disk quota exceeded"]
            if full.contains(where: text.hasSuffix) { isSnapshotWithoutRoom = true }
        }
    }

    static func make(
        indexPath: String?, rules: TarMessageRules, logger: Logger
    ) async throws -> TarListing {
        try await runBlocking("index") { try TarListing(indexPath: indexPath, rules: rules, logger: logger) }
    }

    /// tar runs: it is ended as soon as what it lists finds no room here.
    func watch(_ child: ChildProcess, _ watch: StateWatch?) {
        let isEnded = state.withLock { state in
            (state.child, state.watch) = (child, watch)
            return state.fault != nil
        }
        if isEnded { child.terminate() }
    }

    /// Why tar was ended: its index or its snapshot has no room.
    var fault: (any Error)? { state.withLock { $0.fault } }

    /// `indexPath`: where the index goes, `<block> <path>` a line, mode 0600; nil: nowhere. Blocks.
    init(
        indexPath: String?, rules: TarMessageRules = TarMessageRules(), logger: Logger
    ) throws(FilesError) {
        var opened: IndexFile?
        if let indexPath { opened = try IndexFile(indexPath) }
        state = Mutex(State(index: opened, sorter: TarMessageSorter(rules)))
        log = MessageLog(logger)
    }

    func take(_ line: UnsafeRawBufferPointer) {
        guard !line.isEmpty else { return }
        let bytes = Array(line)
        state.withLock { state in
            let message = TarMessage(bytes, by: state.sorter)
            if message.isSaid { state.heard(String(amandaBytes: bytes)) }
            switch message {
            case .entry(let path):
                state.entryCount += 1
                if !path.isDirectory { state.fileCount += 1 }
                guard state.fault == nil else { return }
                do throws(FilesError) {
                    try state.index?.append(path.stateLine.amandaBytes)
                    state.fault = state.watch?.fault(after: path)
                } catch {
                    state.fault = error
                }
                if state.fault != nil { state.child?.terminate() }
            case .totals(let byteCount): state.totalByteCount = byteCount
            case .ignorable: break
            case .note(let text):
                log.take(text)
                state.notes.append(text)
            case .strange(let text):
                log.take(text)
                state.strange.append(text)
            case .readError(let text):
                log.take(text)
                state.strange.append(text)
                state.firstReadError = state.firstReadError ?? text
            }
        }
    }

    var entryCount: Int { state.withLock { $0.entryCount } }
    /// Those that are no directories.
    var fileCount: Int { state.withLock { $0.fileCount } }
    var totalByteCount: Int64? { state.withLock { $0.totalByteCount } }
    /// Of a file that the disk did not give: the dump does not count.
    var firstReadError: String? { state.withLock { $0.firstReadError } }
    /// tar could not write its snapshot, the only file that it writes.
    var isSnapshotWithoutRoom: Bool { state.withLock { $0.isSnapshotWithoutRoom } }

    /// Why tar failed, by its own words, whatever the configuration calls them.
    var cause: String? { state.withLock { $0.cause.text } }
    var notes: [String] { state.withLock { $0.notes.texts } }
    var strange: [String] { state.withLock { $0.strange.texts } }

    /// Writes out what is buffered. Blocks.
    func finishIndex() throws {
        try state.withLock { state in
            if let fault = state.fault { throw fault }
            try state.index?.flush()
        }
    }
}

/// The first so many messages, and how many there were.
struct BoundedMessages: Sendable {
    private var kept: [String] = []
    private var count = 0

    /// Bytes of one: a path may be as long as somebody likes.
    private static let byteCountLimit = 16 << 10

    mutating func append(_ text: String) {
        count += 1
        guard kept.count < TarListing.keptMessageCount else { return }
        guard text.utf8.count > Self.byteCountLimit else { return kept.append(text) }
        let half = Self.byteCountLimit / 2
        kept.append(
            String(amandaBytes: text.utf8.prefix(half)) + " … " + String(amandaBytes: text.utf8.suffix(half)))
    }

    var texts: [String] {
        count > kept.count ? kept + ["and \(count - kept.count) more messages"] : kept
    }
}

/// The index as a plain file, written in pieces of 64 KiB.
struct IndexFile: Sendable {
    private let path: String
    private let descriptor: FileDescriptorOwner
    private var buffer: [UInt8] = []

    init(_ path: String) throws(FilesError) {
        self.path = path
        BlockingThread.require("create", path)
        let number = creat(path, 0o600)
        guard number >= 0 else { throw FilesError("create", path, errorNumber: errno) }
        descriptor = FileDescriptorOwner(number)
    }

    mutating func append(_ line: [UInt8]) throws(FilesError) {
        buffer.append(contentsOf: line)
        buffer.append(10)
        if buffer.count >= 65_536 { try flush() }
    }

    mutating func flush() throws(FilesError) {
        BlockingThread.require("write", path)
        var written = 0
        while written < buffer.count {
            let count = buffer.withUnsafeBytes {
                write(descriptor.number, $0.baseAddress.map { $0 + written }, $0.count - written)
            }
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw FilesError("write", path, errorNumber: errno) }
            written += count
        }
        buffer.removeAll(keepingCapacity: true)
    }
}

final class FileDescriptorOwner: Sendable {
    let number: Int32

    init(_ number: Int32) {
        self.number = number
        _ = fcntl(number, F_SETFD, FD_CLOEXEC)
    }

    deinit {
        close(number)
    }
}
