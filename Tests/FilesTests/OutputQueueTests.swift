// SPDX-License-Identifier: Apache-2.0

import Files
import Glibc
import Testing

@testable import BlockingWork

@Suite(.timeLimit(.minutes(1))) struct OutputQueueTests {
    /// A pipe that is full already.
    private final class FullPipe: Sendable {
        let reading: Int32
        let writing: Int32
        let filledByteCount: Int

        init() throws {
            var ends: [Int32] = [-1, -1]
            try #require(pipe(&ends) == 0)
            (reading, writing) = (ends[0], ends[1])
            let flags = fcntl(writing, F_GETFL)
            _ = fcntl(writing, F_SETFL, flags | O_NONBLOCK)
            var count = 0
            let zeros = [UInt8](repeating: 0, count: 4096)
            while true {
                let written = write(writing, zeros, zeros.count)
                if written < 0 { break }
                count += written
            }
            _ = fcntl(writing, F_SETFL, flags)
            filledByteCount = count
        }

        deinit {
            close(reading)
            close(writing)
        }

        /// Takes what it was full of, and then text until that ends in `end`.
        ///
        /// - Parameter filled: bytes that go before it; nil: what it was full of.
        func text(after filled: Int? = nil, until end: String) -> String {
            var bytes: [UInt8] = []
            var buffer = [UInt8](repeating: 0, count: 65_536)
            while true {
                let count = read(reading, &buffer, buffer.count)
                guard count > 0 else { break }
                bytes += buffer.prefix(count)
                let text = String(decoding: bytes.dropFirst(filled ?? filledByteCount), as: UTF8.self)
                if text.hasSuffix(end) { return text }
            }
            return ""
        }
    }

    @Test func `nobody who writes waits for a reader who takes nothing, and no line is lost`() async throws {
        let pipe = try FullPipe()
        let queue = OutputQueue(descriptor: pipe.writing)
        let start = ContinuousClock.now
        let lines = (1...200).map { "line \($0)\n" }
        for line in lines { queue.write(line) }
        let isFinished = try await runBlocking("test") { queue.finish(patience: .milliseconds(200)) }
        #expect(!isFinished)
        #expect(ContinuousClock.now - start < .seconds(10))
        #expect(try await runBlocking("test") { !queue.finish(patience: .seconds(300)) }, "once is enough")
        let text = try await runBlocking("test") { pipe.text(until: "line 200\n") }
        #expect(text == lines.joined())
        #expect(try await runBlocking("test") { queue.finish(patience: .seconds(10)) })
    }

    @Test func `where no thread can be had whoever writes does it`() throws {
        var ends: [Int32] = [-1, -1]
        try #require(pipe(&ends) == 0)
        defer { ends.forEach { close($0) } }
        let queue = OutputQueue(descriptor: ends[1])
        ThreadStack.$byteCount.withValue(1 << 60) { queue.write("a line\n") }
        var buffer = [UInt8](repeating: 0, count: 100)
        let count = read(ends[0], &buffer, buffer.count)
        #expect(String(decoding: buffer.prefix(max(0, count)), as: UTF8.self) == "a line\n")
        #expect(queue.finish(patience: .seconds(10)))
    }

    @Test func `what is too much is left out, and said`() async throws {
        let pipe = try FullPipe()
        let queue = OutputQueue(descriptor: pipe.writing, byteCountLimit: 20)
        for line in ["the first\n", "another\n", "a third\n", "and a fourth\n"] { queue.write(line) }
        let first = try await runBlocking("test") { pipe.text(until: "another\n") }
        #expect(first == "the first\nanother\n")
        #expect(try await runBlocking("test") { queue.finish(patience: .seconds(10)) })
        queue.write("last\n")
        let rest = try await runBlocking("test") { pipe.text(after: 0, until: "last\n") }
        #expect(rest == "… and 2 more that nobody had read\nlast\n")
    }

    /// Ten thousand wrong lines of one file were told by none.
    @Test func `one text that is too long by itself is written, where nothing waits`() async throws {
        let pipe = try FullPipe()
        let queue = OutputQueue(descriptor: pipe.writing, byteCountLimit: 20)
        queue.write("longer than all that may wait\n")
        queue.write("left out\n")
        let text = try await runBlocking("test") { pipe.text(until: "may wait\n") }
        #expect(text == "longer than all that may wait\n")
        #expect(try await runBlocking("test") { queue.finish(patience: .seconds(10)) })
    }

    @Test func `a reader who has gone keeps nobody`() async throws {
        var ends: [Int32] = [-1, -1]
        try #require(pipe(&ends) == 0)
        signal(SIGPIPE, SIG_IGN)
        close(ends[0])
        let queue = OutputQueue(descriptor: ends[1])
        queue.write("to nobody\n")
        #expect(try await runBlocking("test") { queue.finish(patience: .seconds(10)) })
        close(ends[1])
    }
}
