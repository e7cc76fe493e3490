// SPDX-License-Identifier: Apache-2.0

import BlockingWork

/// Takes a stream off the thread that makes it: what is pulled here was read by a thread of its own.
final class RelayStage: StreamStage {
    private let source: any BlockSource
    private let queue: HandOver<ByteBlock>

    /// At most `capacity` blocks wait.
    init(_ source: any BlockSource, capacity: Int) {
        self.source = source
        queue = HandOver(capacity: capacity)
    }

    var jobs: [StageJob] {
        [
            StageJob(name: "relay") { [self] in
                while let block = try source.takeBlocking() { try queue.putBlocking(block) }
                queue.finish()
            }
        ]
    }

    func takeBlocking() throws -> ByteBlock? { try queue.takeBlocking() }

    func take() async throws -> ByteBlock? { try await queue.take() }

    func release(_ block: ByteBlock) { source.release(block) }

    func fail(_ error: any Error) { queue.fail(error) }
}
