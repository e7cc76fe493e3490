// SPDX-License-Identifier: Apache-2.0

import Foundation

/// A program that a test has started: its output goes to files, and it dies with the tests at the latest.
final class RunningProgram: Sendable {
    let arguments: [String]
    let outputPath: String
    let errorPath: String
    private let process: Process

    /// Starts `arguments[0]` in a process group of its own.
    ///
    /// - Parameters:
    ///   - environment: added to the tests' own; an empty value removes the variable.
    ///   - input: what it reads; nil means nothing.
    ///   - output: where standard output and standard error go: `<output>.out`, `<output>.err`.
    init(
        _ arguments: [String], environment: [String: String] = [:], directory: String? = nil,
        input: String? = nil, output: String
    ) throws {
        self.arguments = arguments
        outputPath = "\(output).out"
        errorPath = "\(output).err"
        process = Process()
        process.executableURL = URL(fileURLWithPath: arguments[0])
        process.arguments = Array(arguments.dropFirst())
        process.environment = ProcessInfo.processInfo.environment
            .merging(environment) { $1 }
            .filter { !$0.value.isEmpty }
        process.currentDirectoryURL = URL(fileURLWithPath: directory ?? "/")
        let read = try FileHandle(forReadingFrom: URL(fileURLWithPath: input ?? "/dev/null"))
        let out = try Self.create(outputPath)
        let err = try Self.create(errorPath)
        process.standardInput = read
        process.standardOutput = out
        process.standardError = err
        try process.run()
        ProcessKeeper.shared.watch(pid)
        for handle in [read, out, err] { try handle.close() }
    }

    private static func create(_ path: String) throws -> FileHandle {
        try Data().write(to: URL(fileURLWithPath: path))
        return try FileHandle(forWritingTo: URL(fileURLWithPath: path))
    }

    var pid: Int32 { process.processIdentifier }
    var isRunning: Bool { process.isRunning }

    /// What it has said so far, both streams.
    var text: String { Self.text(outputPath) + Self.text(errorPath) }

    /// Waits for its end; a program that is still there after `limit` is killed, and that is an error.
    ///
    /// - Parameters:
    ///   - readsOutput: false leaves standard output in its file, where it is no text.
    ///   - withGroup: also waits for what it leaves behind, which is killed otherwise.
    func end(
        within limit: Duration = .hang, readsOutput: Bool = true, withGroup: Bool = false
    ) async throws -> CommandResult {
        do {
            try await eventually(within: limit) { !self.isRunning && !(withGroup && self.hasLeftBehind) }
        } catch {
            await kill()
            throw CommandError.timeLimit(arguments, limit, text)
        }
        return ended(readsOutput: readsOutput)
    }

    /// Whether a process of its group still runs; one that only waits to be reaped does not.
    private var hasLeftBehind: Bool {
        let numbers = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
        return numbers.contains { number in
            guard Int32(number) != nil else { return false }
            // `pid (name) state parent group …`; a name may hold anything.
            let fields = Self.text("/proc/\(number)/stat").split(separator: ")").last?.split(separator: " ")
            guard let fields, fields.count > 2 else { return false }
            return Int32(fields[2]) == pid && fields[0] != "Z"
        }
    }

    /// Sends a signal to the program alone.
    func send(_ signal: Int32) {
        if isRunning { _ = Glibc.kill(pid, signal) }
    }

    /// SIGKILL to the program alone, as a power cut would end it; returns once it is gone.
    func kill() async {
        send(SIGKILL)
        while isRunning { try? await Task.sleep(for: .milliseconds(10)) }
        _ = ended(readsOutput: false)
    }

    private func ended(readsOutput: Bool) -> CommandResult {
        _ = Glibc.kill(-pid, SIGKILL)  // what it left behind in its group
        ProcessKeeper.shared.forget(pid)
        let status = process.terminationStatus
        let exit = process.terminationReason == .exit ? status : -status
        return CommandResult(
            arguments: arguments, exit: exit, output: readsOutput ? Self.text(outputPath) : "",
            errors: Self.text(errorPath))
    }

    private static func text(_ path: String) -> String {
        let bytes = (try? Data(contentsOf: URL(fileURLWithPath: path))) ?? Data()
        return String(decoding: bytes, as: UTF8.self)
    }
}

extension Duration {
    /// Longer than anything takes on the busiest machine: what is not done by then hangs.
    static let hang = Duration.seconds(300)
}

/// Returns once `condition` holds; asks fifty times a second.
func eventually(
    within limit: Duration = .hang, _ what: String = "", _ condition: () async throws -> Bool
) async throws {
    let clock = ContinuousClock()
    let deadline = clock.now + limit
    while try await !condition() {
        guard clock.now < deadline else { throw CommandError.never(what, limit) }
        try await Task.sleep(for: .milliseconds(20))
    }
}
