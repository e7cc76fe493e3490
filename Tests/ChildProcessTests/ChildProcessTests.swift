// SPDX-License-Identifier: Apache-2.0

import ChildProcess
import Glibc
import Synchronization
import Testing

@testable import BlockingWork

private func shell(_ script: String, hasInput: Bool = false, hasOutput: Bool = false) -> ChildCommand {
    ChildCommand("/bin/sh", ["-c", script], hasInput: hasInput, hasOutput: hasOutput)
}

@Suite(.timeLimit(.minutes(5))) struct ChildProcessTests {
    @Test func `gives output, messages and exit status of a helper`() async throws {
        let result = try await ChildProcess.run(
            shell("cat; echo oops >&2; exit 3"), input: Array("hello".utf8), limit: .seconds(30))
        #expect(String(decoding: result.output, as: UTF8.self) == "hello")
        #expect(result.messages == "oops\n")
        #expect(result.exit == .status(3))
        #expect("\(result.exit)" == "exited with status 3")
    }

    @Test func `passes megabytes through both pipes`() async throws {
        let input = [UInt8](repeating: 7, count: 5 << 20)
        let result = try await ChildProcess.run(shell("cat"), input: input, limit: .seconds(50))
        #expect(result.output == input)
    }

    @Test func `says what cannot be started`() async throws {
        let error = await #expect(throws: ChildProcessError.self) {
            try await ChildProcess.run(ChildCommand("/no/such/program", []), limit: .seconds(5))
        }
        #expect(error?.description == "cannot start '/no/such/program': No such file or directory")
    }

    @Test func `a program for which there is no thread is not started`() {
        let error = #expect(throws: ChildProcessError.self) {
            try ThreadStack.$byteCount.withValue(1 << 60) { try ChildProcess.spawn(shell("exit 0")) }
        }
        #expect(
            error?.facts
                == "cannot start '/bin/sh': no more processes or tasks are allowed, or no memory is left")
        #expect(error?.hint?.contains("TasksMax=") == true)
    }

    @Test func `a helper that does not end in time is killed, its children too`() async throws {
        let error = await #expect(throws: ChildProcessError.self) {
            try await ChildProcess.run(
                shell("trap '' TERM; sleep 50 & sleep 50; sleep 50"), limit: .milliseconds(200))
        }
        #expect(error == .timedOut(executable: "/bin/sh", limit: .milliseconds(200)))
    }

    @Test func `cancelling the task ends the child and throws CancellationError`() async throws {
        let task = Task { try await ChildProcess.run(shell("sleep 50"), limit: .seconds(55)) }
        try await Task.sleep(for: .milliseconds(50))
        task.cancel()
        await #expect(throws: CancellationError.self) { try await task.value }
    }

    @Test func `a child that closes its input is an error of the write`() async throws {
        let child = try ChildProcess.spawn(shell("exec 0<&-; exit 0", hasInput: true))
        _ = await child.exit()
        #expect(throws: ChildProcessError.inputRefused(executable: "/bin/sh")) {
            try [UInt8](repeating: 1, count: 10).withUnsafeBytes {
                try child.writeBlocking($0, stallLimit: .seconds(5))
            }
        }
    }

    @Test func `a child that gives nothing is stalled after the limit`() async throws {
        let child = try ChildProcess.spawn(shell("sleep 50", hasOutput: true))
        #expect(throws: ChildProcessError.stalled(executable: "/bin/sh", limit: .milliseconds(50))) {
            try child.readBlocking(into: ByteBlock(capacity: 10), stallLimit: .milliseconds(50))
        }
        child.terminate()
        #expect(await child.exit() == .signal(SIGTERM))
    }

    @Test func `gives every line of its messages, the unfinished last one too`() async throws {
        let lines = Mutex<[String]>([])
        let child = try ChildProcess.spawn(shell("seq 1 20000 >&2; printf 'the end' >&2")) { line in
            lines.withLock { $0.append(String(decoding: line, as: UTF8.self)) }
        }
        #expect(await child.exit() == .status(0))
        #expect(lines.withLock { $0 } == (1...20_000).map(String.init) + ["the end"])
    }

    @Test func `the child sees its own descriptors and no others`() async throws {
        var ends: [Int32] = [0, 0]
        pipe(&ends)
        defer { ends.forEach { close($0) } }
        _ = Array("from three".utf8).withUnsafeBytes { write(ends[1], $0.baseAddress, $0.count) }
        var command = shell("ls /proc/self/fd | tr '\\n' ' '; head -c 10 <&3")
        command.extraDescriptors = [ends[0]]
        let result = try await ChildProcess.run(command, limit: .seconds(30))
        // ls opens the directory as the next one.
        #expect(String(decoding: result.output, as: UTF8.self) == "0 1 2 3 4 from three")
    }

    @Test func `leads its own process group and gets only the given environment`() async throws {
        let result = try await ChildProcess.run(
            shell("ps -o pgid= -p $$ | tr -d ' '; echo $$; env | cut -d= -f1 | sort | tr '\\n' ' '"),
            limit: .seconds(30))
        let lines = String(decoding: result.output, as: UTF8.self).split(separator: "\n")
        #expect(lines.count == 3 && lines[0] == lines[1])
        #expect(lines.last == "LC_ALL PATH PWD ")
    }
}
