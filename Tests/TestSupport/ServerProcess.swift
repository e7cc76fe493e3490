// SPDX-License-Identifier: Apache-2.0

import Foundation
import Synchronization

/// A server program that lives no longer than this object, nor than the test process, however that ends.
///
/// A shell holds the reading end of a pipe whose other end is ours alone: when it closes, by `stop`, by exit or by
/// SIGKILL, the shell kills the server and removes its scratch directory.
public final class ServerProcess: Sendable {
    private let shell: Process
    private let lifeline: Mutex<Int32?>

    /// What the server prints, both streams.
    public let logPath: String

    /// Starts `arguments[0]` with the rest of `arguments`; `environment` is added to ours.
    ///
    /// - Parameter scratch: a directory that is removed when the server has ended.
    public init(
        _ arguments: [String], environment: [String: String] = [:], logPath: String, scratch: String? = nil
    ) throws {
        self.logPath = logPath
        var ends: [Int32] = [0, 0]
        guard pipe(&ends) == 0 else { throw POSIXError(.EMFILE) }
        _ = fcntl(ends[0], F_SETFD, FD_CLOEXEC)
        _ = fcntl(ends[1], F_SETFD, FD_CLOEXEC)
        _ = FileManager.default.createFile(atPath: logPath, contents: nil)
        let log = FileHandle(forWritingAtPath: logPath)
        shell = Process()
        shell.executableURL = URL(fileURLWithPath: "/bin/sh")
        shell.arguments = ["-c", Self.script, scratch ?? ""] + arguments
        shell.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        shell.standardInput = FileHandle(fileDescriptor: ends[0], closeOnDealloc: true)
        shell.standardOutput = log
        shell.standardError = log
        lifeline = Mutex(ends[1])
        try shell.run()
    }

    /// `$0` is the scratch directory or nothing.
    private static let script = """
        "$@" < /dev/null & server=$!; cat > /dev/null; kill -9 $server; wait $server; test -z "$0" || rm -rf "$0"
        """

    deinit {
        cutLifeline()
    }

    /// Kills the server and waits until it is gone.
    public func stop() async {
        cutLifeline()
        while shell.isRunning {
            try? await Task.sleep(for: .milliseconds(10))
        }
    }

    /// What the server has printed so far.
    var log: String { (try? String(contentsOfFile: logPath, encoding: .utf8)) ?? "" }

    /// The end of that, for messages.
    public var logTail: String {
        log.split(separator: "\n").suffix(20).joined(separator: "\n")
    }

    private func cutLifeline() {
        lifeline.withLock { descriptor in
            if let descriptor { close(descriptor) }
            descriptor = nil
        }
    }
}

/// A server that did not come up.
public struct ServerFailure: Error, CustomStringConvertible {
    /// Which, and the end of its log.
    public let description: String

    init(_ name: String, _ log: String) {
        description = "\(name) did not come up; the end of its log:\n\(log)"
    }
}
