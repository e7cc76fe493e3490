// SPDX-License-Identifier: Apache-2.0

import Foundation
import Synchronization
import TestSupport

/// What a client program left behind.
struct ClientOutcome: Sendable {
    let status: Int32
    let output: Data
    let errors: String

    var text: String { String(decoding: output, as: UTF8.self) }
}

/// A client program that runs while the test goes on: curl, openssl or python3.
final class ClientProgram: Sendable {
    private let process: Process
    private let folder: URL
    private let ended: Task<Int32, Never>
    private let input = Mutex<FileHandle?>(nil)

    /// Whether the clients that these tests are about are there, or their absence must show.
    static var areUsable: Bool { RequiredTools.areUsable("curl", "openssl", "python3") }

    /// Starts `tool` with output and errors in files, so that a client never waits for the test to read them.
    init(_ tool: String, _ arguments: [String], input: Data? = nil, keepsInput: Bool = false) throws {
        folder = FileManager.default.temporaryDirectory.appendingPathComponent("client-" + UUID().uuidString)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        for name in ["out", "err", "in"] {
            try Data().write(to: folder.appendingPathComponent(name))
        }
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = [tool] + arguments
        process.standardOutput = try FileHandle(forWritingTo: folder.appendingPathComponent("out"))
        process.standardError = try FileHandle(forWritingTo: folder.appendingPathComponent("err"))
        let (stream, continuation) = AsyncStream.makeStream(of: Int32.self)
        process.terminationHandler = {
            continuation.yield($0.terminationStatus)
            continuation.finish()
        }
        if keepsInput {
            let pipe = Pipe()
            process.standardInput = pipe
            self.input.withLock { $0 = pipe.fileHandleForWriting }
        } else {
            try (input ?? Data()).write(to: folder.appendingPathComponent("in"))
            process.standardInput = try FileHandle(forReadingFrom: folder.appendingPathComponent("in"))
        }
        self.process = process
        ended = Task {
            for await status in stream { return status }
            return -1
        }
        try process.run()
    }

    deinit {
        if process.isRunning {
            kill(process.processIdentifier, SIGKILL)
        }
        try? FileManager.default.removeItem(at: folder)
    }

    /// Types into the program's input; what one that has ended does not read is lost.
    func type(_ text: String) {
        input.withLock { try? $0?.write(contentsOf: Data(text.utf8)) }
    }

    func endInput() {
        input.withLock {
            try? $0?.close()
            $0 = nil
        }
    }

    func signal(_ number: Int32) {
        kill(process.processIdentifier, number)
    }

    /// What the program has printed so far.
    var printed: String {
        (try? String(contentsOf: folder.appendingPathComponent("out"), encoding: .utf8)) ?? ""
    }

    /// Waits for the program's end.
    func outcome() async throws -> ClientOutcome {
        let status = await ended.value
        return ClientOutcome(
            status: status,
            output: try Data(contentsOf: folder.appendingPathComponent("out")),
            errors: try String(contentsOf: folder.appendingPathComponent("err"), encoding: .utf8))
    }

    /// Runs a program to its end.
    static func run(_ tool: String, _ arguments: [String], input: Data? = nil) async throws -> ClientOutcome {
        try await ClientProgram(tool, arguments, input: input).outcome()
    }
}
