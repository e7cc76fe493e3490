// SPDX-License-Identifier: Apache-2.0

import BlockingWork
import Glibc

/// What a short helper program gave.
public struct ChildResult: Sendable {
    /// How it ended.
    public let exit: ChildExit
    /// All of its standard output.
    public let output: [UInt8]
    /// The first 8 KiB and the last 64 KiB of its standard error.
    public let messages: String
}

extension ChildProcess {
    /// Runs a short helper program to its end: input in, output out.
    ///
    /// - Throws: `timedOut` after `limit`, `tooMuchOutput`, `cannotStart`; `CancellationError` when the task is
    ///   cancelled. In every case the program has ended, unless it is `stuck`. An exit status that is not 0 is not an error here.
    public static func run(
        _ command: ChildCommand, input: [UInt8] = [], limit: Duration, outputLimit: Int = 16 << 20
    ) async throws -> ChildResult {
        var command = command
        command.hasInput = !input.isEmpty
        command.hasOutput = true
        let child = try await begin(command)
        async let _: Void = child.terminate(after: limit)  // cancelled when this function is left
        do {
            async let written: Void = runBlocking("child-input", onCancel: { child.terminate() }) {
                defer { child.closeInput() }
                do {
                    try input.withUnsafeBytes {
                        try child.writeBlocking($0, stallLimit: limit + .seconds(60))
                    }
                } catch ChildProcessError.inputRefused {}  // its own affair; its exit status tells
            }
            let output = try await runBlocking("child-output", onCancel: { child.terminate() }) {
                try child.readAllBlocking(outputLimit: outputLimit, stallLimit: limit + .seconds(60))
            }
            try await written
            let exit = await child.exit()
            try Task.checkCancellation()
            guard !child.isTerminated else { throw CancellationError() }
            return ChildResult(exit: exit, output: output, messages: child.keptMessages)
        } catch {
            child.terminate(grace: .seconds(1))
            if await child.exit() == .stuck, !Task.isCancelled {
                throw ChildProcessError.stuck(executable: command.executable, touches: command.touches)
            }
            if error is CancellationError, !Task.isCancelled {
                throw ChildProcessError.timedOut(executable: command.executable, limit: limit)
            }
            throw error
        }
    }

    private func terminate(after limit: Duration) async throws {
        try await Task.sleep(for: limit)
        terminate(grace: .seconds(1))
    }

    private func readAllBlocking(outputLimit: Int, stallLimit: Duration) throws -> [UInt8] {
        var output: [UInt8] = []
        let block = ByteBlock(capacity: 65_536)
        while true {
            block.count = 0
            let hasMore = try readBlocking(into: block, stallLimit: stallLimit)
            output.append(contentsOf: block.bytes)
            guard output.count <= outputLimit else {
                throw ChildProcessError.tooMuchOutput(executable: command.executable, limit: outputLimit)
            }
            if !hasMore { return output }
        }
    }
}
