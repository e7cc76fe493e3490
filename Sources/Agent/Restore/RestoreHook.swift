// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import BlockingWork
import ChildProcess
import Files
import HiddenCharacters

/// One of the operator's commands around a restore: run by the shell, as root, within a limit, the end of its output kept.
struct RestoreHook: Sendable {
    /// The last of a command's output that the report keeps.
    static let keptByteCount = 8 << 10
    /// More than that does not stay on the disk while the command runs.
    static let filedByteCount: Int64 = 16 << 20
    private static let lookInterval = Duration.milliseconds(200)

    let moment: RestoreCommands.Moment
    let command: String
    let limit: Duration
    let node: String
    /// `AMFLEET_…`.
    let environment: [String: String]
    /// Stand in no output that is kept.
    let secrets: KnownSecrets

    /// - Returns: nil: the order has none for that moment, or restores elsewhere than in place, where nothing has to stand still.
    init?(
        _ moment: RestoreCommands.Moment, _ order: RestoreOrder, _ run: RunName, node: String,
        hiding secrets: KnownSecrets = .none
    ) {
        guard order.directory == nil, let commands = order.commands, let command = commands[moment],
            !command.isEmpty
        else { return nil }
        let range = RestoreCommands.limitSecondsRange
        let seconds = commands.limitSeconds ?? RestoreCommands.defaultLimitSeconds
        self.moment = moment
        self.command = command
        self.node = node
        self.secrets = secrets
        limit = .seconds(min(max(seconds, range.lowerBound), range.upperBound))
        environment = [
            "AMFLEET_MOMENT": moment.rawValue, "AMFLEET_NODE": node, "AMFLEET_RUN": "\(run)",
            "AMFLEET_SOURCE_NODE": order.sourceNode,
        ]
    }

    /// That it failed is told in the report's `error`.
    ///
    /// - Throws: `CancellationError`, after its end.
    func run() async throws -> RestoreReport.Command {
        let clock = ContinuousClock()
        let began = clock.now
        var report = RestoreReport.Command(moment: moment, command: command)
        do {
            let directory = try await runBlocking("restore-hook") {
                try FileSystem.makeTemporaryDirectory(named: "amfleet-hook")
            }
            let exit = try await withCleanUp({
                try? await runBlocking("restore-hook") { try FileSystem.removeTree(directory) }
            }) {
                let output = "\(directory)/output"
                let exit = try await ended(writingTo: output)
                report.text = try await runBlocking("restore-hook") {
                    kept((try? Self.end(of: output, window)) ?? ([], false))
                }
                return exit
            }
            if exit != .status(0) { report.error = fault("\(exit)") }
        } catch ChildProcessError.stalled {
            report.error = fault("it took longer than its limit of \(limit)")
        } catch {
            if error is CancellationError || Task.isCancelled { throw CancellationError() }
            report.error = fault(WireError(cause: error, node: node).message)
        }
        report.seconds = Double((clock.now - began).components.seconds)
        return report
    }

    /// Its output goes to a file: what it leaves running, such as a database, may keep that open for ever. A file that grows long
    /// begins anew, until the command has ended.
    private func ended(writingTo output: String) async throws -> ChildExit {
        var child = ChildCommand(
            "/bin/sh", ["-c", "exec >>\"$AMFLEET_OUTPUT\" 2>&1; unset AMFLEET_OUTPUT\n\(command)"],
            environment: ChildCommand.plainEnvironment.merging(environment) { _, new in new },
            directory: "/")
        child.environment["AMFLEET_OUTPUT"] = output
        child.leavesRestRunning = true
        let command = try await ChildProcess.begin(child)
        return try await withThrowingTaskGroup(of: ChildExit?.self) { group in
            group.addTask { [limit] in try await command.exit(within: limit) }
            group.addTask { [window] in
                while (try? await Task.sleep(for: Self.lookInterval)) != nil {
                    try? await runBlocking("restore-hook") { try Self.shorten(output, to: window) }
                }
                return nil
            }
            defer { group.cancelAll() }
            while let end = try await group.next() { if let end { return end } }
            throw CancellationError()
        }
    }

    /// Bytes that are looked at, so that a secret that ends in what is kept is known for one.
    private var window: Int { 2 * Self.keptByteCount + secrets.longestByteCount }

    private static func shorten(_ path: String, to byteCount: Int) throws {
        guard let length = try FileSystem.status(path)?.byteCount, length > filedByteCount else { return }
        let end = try end(of: path, byteCount).bytes
        try RandomAccessFile(openingForWriting: Array(path.utf8), by: nil).resize(to: 0)
        try FileSystem.append(path, end)
    }

    /// - Returns: also whether there may be more before it.
    private static func end(of path: String, _ byteCount: Int) throws -> (bytes: [UInt8], isCut: Bool) {
        let file = try InputFile(path)
        let start = max(0, file.byteCount - Int64(byteCount))
        let bytes = UnsafeMutableRawBufferPointer.allocate(byteCount: byteCount, alignment: 16)
        defer { bytes.deallocate() }
        let count = try file.read(into: bytes, at: start)
        return (Array(bytes[..<count]), count == byteCount)
    }

    /// Without what is secret, and what nobody sees. What was cut is left out up to the end of its line, for it may be half a secret.
    private func kept(_ end: (bytes: [UInt8], isCut: Bool)) -> String {
        var bytes = end.bytes[...]
        if end.isCut {
            let first = bytes.prefix(Self.keptByteCount + secrets.longestByteCount)
            bytes = bytes[(first.firstIndex(of: 0x0A).map { $0 + 1 } ?? first.endIndex)...]
        }
        let text = secrets.hidden(in: String(decoding: bytes, as: UTF8.self)).showingHidden
        guard text.utf8.count > Self.keptByteCount else { return text }
        return String(
            decoding: Array(text.utf8.suffix(Self.keptByteCount)).drop { $0 & 0xC0 == 0x80 }, as: UTF8.self)
    }

    private func fault(_ what: String) -> WireError {
        let hint =
            switch moment {
            case .before:
                "nothing was written: mend it, or its line 'restore' in cluster.json, and restore again."
            case .after: "all is back: look what the command says, and run it by hand."
            case .afterFailure: "look what the command says, and run it by hand."
            }
        return WireError(
            .failed, node: node, "the command '\(moment.rawValue)' of the restore, '\(command)': \(what)",
            hint: hint)
    }
}
