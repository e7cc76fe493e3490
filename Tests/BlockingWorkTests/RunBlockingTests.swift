// SPDX-License-Identifier: Apache-2.0

import BlockingWork
import Glibc
import Testing

private struct Broken: Error {}

@Suite(.timeLimit(.minutes(5))) struct RunBlockingTests {
    @Test func `a cancellation that meets the end of the work holds nobody`() async {
        for round in 0..<4_000 {
            let task = Task { try? await runBlocking("short") { _ = usleep(useconds_t(round % 40)) } }
            await Task.yield()
            task.cancel()
            _ = await task.value
        }
    }

    @Test func `gives the result and the error of the work`() async throws {
        #expect(try await runBlocking("work") { 42 } == 42)
        await #expect(throws: Broken.self) { try await runBlocking("work") { throw Broken() } }
    }

    @Test func `a cancelled task calls onCancel and throws CancellationError`() async throws {
        let gate = HandOver<Int>(capacity: 1)
        let started = HandOver<Int>(capacity: 1)
        let task = Task {
            try await runBlocking("stuck", onCancel: { gate.fail(Broken()) }) {
                try started.putBlocking(1)
                return try gate.takeBlocking()
            }
        }
        _ = try await started.take()
        task.cancel()
        await #expect(throws: CancellationError.self) { try await task.value }
    }
}

@Suite(.timeLimit(.minutes(5))) struct BlockPoolTests {
    @Test func `lends out no more blocks than it has`() async throws {
        let pool = BlockPool(blockByteCount: 16, blockCount: 2)
        let first = try await pool.acquire()
        _ = first.append(UnsafeRawBufferPointer(start: nil, count: 0))
        _ = try pool.acquireBlocking()
        let third = Task { try await pool.acquire() }
        first.count = 3
        pool.release(first)
        let again = try await third.value
        #expect(again.count == 0)
        #expect(again === first)
    }

    @Test func `wakes its waiters when it fails`() async throws {
        let pool = BlockPool(blockByteCount: 16, blockCount: 1)
        let block = try await pool.acquire()
        let waiter = Task { try await pool.acquire() }
        pool.fail(Broken())
        await #expect(throws: Broken.self) { try await waiter.value }
        pool.release(block)
    }

    @Test func `a block takes what fits and says how much`() {
        let block = ByteBlock(capacity: 5)
        #expect([UInt8](1...3).withUnsafeBytes { block.append($0) } == 3)
        #expect([UInt8](4...9).withUnsafeBytes { block.append($0) } == 2)
        #expect(Array(block.bytes) == [1, 2, 3, 4, 5])
    }
}
