// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import S3
import Synchronization
import TestSupport
import Testing

@testable import Coordinator

/// However large an object is that somebody has put there: so much of it is read, and large ones not at once.
@Suite(.timeLimit(.minutes(2)))
struct DocumentLimitTests {
    @Test(.enabled(if: RequiredTools.areUsable("weed")))
    func `an object that is larger than any document of ours is not read`() async throws {
        let store = try await StoreFixture.weed()
        let key = store.bucket.layout.nodeRecord(Sample.run, node: "node01")
        let whole = try WireJSON.document(Sample.record())
        for (byteCount, isRead) in [
            (ClusterBucket.documentLimit, true), (ClusterBucket.documentLimit + 1, false),
        ] {
            // Blanks behind the last brace change nothing of what it says.
            let blanks = [UInt8](repeating: UInt8(ascii: " "), count: byteCount - whole.count)
            _ = try await store.bucket.client.put(key, whole + blanks)
            do {
                #expect(try await store.bucket.nodeRecord(Sample.run, node: "node01") != nil)
                #expect(isRead)
            } catch let error as WireJSONError {
                #expect(!isRead)
                #expect(
                    error.facts
                        == "'\(key)' cannot be read: it is longer than \(ClusterBucket.documentLimit) bytes, "
                        + "and no document of amfleet's is")
            }
        }
    }

    @Test func `large documents are read one after the other, whoever is given up meanwhile`() async throws {
        let documents = LargeDocuments()
        let readers = Readers()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<12 {
                group.addTask {
                    if number % 4 == 3 { withUnsafeCurrentTask { $0?.cancel() } }
                    do {
                        try await documents.inTurn { await readers.read() }
                    } catch is CancellationError {
                        #expect(number % 4 == 3)
                    }
                }
            }
            try await group.waitForAll()
        }
        #expect(readers.counts == (9, 1))
    }
}

/// How many there were, and how many at once.
private final class Readers: Sendable {
    private let state = Mutex((all: 0, now: 0, most: 0))

    var counts: (Int, Int) { state.withLock { ($0.all, $0.most) } }

    func read() async {
        state.withLock { state in
            state.all += 1
            state.now += 1
            state.most = max(state.most, state.now)
        }
        try? await Task.sleep(for: .milliseconds(10))
        state.withLock { $0.now -= 1 }
    }
}
