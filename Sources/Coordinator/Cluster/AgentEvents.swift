// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import HTTPTransport

/// A job's events as the agent sends them; ends when the agent closes the stream.
struct AgentEvents: AsyncSequence {
    typealias Element = JobEvent

    let node: String
    let stream: HTTPStream

    func makeAsyncIterator() -> Iterator {
        Iterator(node: node, pieces: stream.makeAsyncIterator())
    }

    struct Iterator: AsyncIteratorProtocol {
        let node: String
        var pieces: HTTPStream.Iterator
        private var splitter = LineSplitter()
        private var lines: ArraySlice<[UInt8]> = []

        init(node: String, pieces: HTTPStream.Iterator) {
            self.node = node
            self.pieces = pieces
        }

        /// - Throws: `WireError` of kind `agentLost` when the stream breaks or stalls; `CancellationError`.
        mutating func next() async throws -> JobEvent? {
            while lines.isEmpty {
                // What has come already is handed over without a pause.
                try Task.checkCancellation()
                guard let piece = try await nextPiece() else { return nil }
                guard let complete = splitter.take(piece) else {
                    throw WireError(.agentLost, node: node, "the agent's event stream is no NDJSON")
                }
                lines = complete[...]
            }
            let line = lines.removeFirst()
            do {
                return try WireJSON.read(JobEvent.self, from: line, what: "event")
            } catch {
                throw WireError(.agentLost, node: node, "the agent sent no event: \(error)")
            }
        }

        private mutating func nextPiece() async throws -> [UInt8]? {
            do {
                return try await pieces.next()
            } catch HTTPTransportError.cancelled {
                throw CancellationError()
            } catch {
                throw WireError(error, node: node, agent: "the agent")
            }
        }
    }
}
