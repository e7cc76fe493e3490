// SPDX-License-Identifier: Apache-2.0

import Foundation
import Synchronization

/// A file system that shows a directory, and stops answering when it is told to: a dead NFS server, a detached volume.
///
/// Whoever asks it then waits in the kernel where no signal reaches, until it answers again or ends. It is mounted without a cache, so
/// that every look asks. It ends, and everybody who waits with it, when `end` is called, with this object, and with the test
/// process. Needs root, `/dev/fuse` and python3.
public final class HungMount: Sendable {
    /// Where it is mounted.
    public let directory: String
    /// What it shows, reachable without it.
    public let backing: String

    private let program: Process
    private let orders: FileHandle
    private let log: String
    private let count = Mutex(0)

    /// Whether this machine lets a test mount one.
    public static var isUsable: Bool {
        RequiredTools.areUsable("python3")
            && (RequiredTools.mustBePresent
                || (geteuid() == 0 && FileManager.default.fileExists(atPath: "/dev/fuse")))
    }

    /// Mounts; both directories must be there. It answers until `hang`.
    ///
    /// - Parameter process: in whose mount namespace; nil: in our own.
    public init(
        at directory: String, showing backing: String, inNamespaceOf process: Int32? = nil
    ) async throws {
        self.directory = directory
        self.backing = backing
        log = "\(FileManager.default.temporaryDirectory.path)/hung-mount-\(UUID().uuidString)"
        let enter = process.map { ["/usr/bin/nsenter", "--target", "\($0)", "--mount", "--"] } ?? []
        let arguments =
            enter + ["/usr/bin/env", "python3", "-c", HungMountServer.program, directory, backing]
        program = Process()
        program.executableURL = URL(fileURLWithPath: arguments[0])
        program.arguments = Array(arguments.dropFirst())
        let pipe = Pipe()
        for end in [pipe.fileHandleForReading, pipe.fileHandleForWriting] {
            _ = fcntl(end.fileDescriptor, F_SETFD, FD_CLOEXEC)
        }
        orders = pipe.fileHandleForWriting
        _ = FileManager.default.createFile(atPath: log, contents: nil)
        let output = FileHandle(forWritingAtPath: log)
        program.standardInput = pipe.fileHandleForReading
        program.standardOutput = output
        program.standardError = output
        try program.run()
        try await wait(for: "mounted")
    }

    deinit {
        try? orders.close()
        try? FileManager.default.removeItem(atPath: log)
    }

    /// From now on nobody gets an answer; with a name, nobody who asks about a path that holds it.
    ///
    /// - Parameter reading: only who reads or writes a file's bytes.
    public func hang(on name: String = "", reading: Bool = false) async throws {
        try await order("\(reading ? "hangbytes" : "hang") \(name)")
    }

    /// Returns once somebody has asked since the last order and gets no answer: from then on no signal ends him.
    public func keepsSomebody() async throws {
        try await wait(for: "kept \(count.withLock { $0 })")
    }

    /// Answers what was asked meanwhile, and everything from now on.
    public func answer() async throws {
        try await order("answer")
    }

    /// Unmounts and ends; who still waits gets an error.
    public func end() async {
        try? orders.close()
        while program.isRunning { try? await Task.sleep(for: .milliseconds(10)) }
    }

    private func order(_ text: String) async throws {
        let number = count.withLock { count in
            count += 1
            return count
        }
        try orders.write(contentsOf: Data("\(text)\n".utf8))
        try await wait(for: "order \(number) done")
    }

    private func wait(for text: String) async throws {
        while true {
            let said = (try? String(contentsOfFile: log, encoding: .utf8)) ?? ""
            if said.contains("\(text)\n") { return }
            guard program.isRunning else { throw ServerFailure("the file system on \(directory)", said) }
            try await Task.sleep(for: .milliseconds(5))
        }
    }
}
