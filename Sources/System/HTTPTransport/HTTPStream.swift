// SPDX-License-Identifier: Apache-2.0

/// An answer whose body is read as it comes. One reader; letting go of the stream ends the request.
public final class HTTPStream: AsyncSequence, Sendable {
    /// A piece of the body, never empty.
    public typealias Element = [UInt8]

    /// What ends the stream early.
    public typealias Failure = HTTPTransportError

    /// Status and headers.
    public let head: HTTPResponseHead

    private let buffer: StreamBuffer
    private let cancel: @Sendable () -> Void

    init(head: HTTPResponseHead, buffer: StreamBuffer, cancel: @escaping @Sendable () -> Void) {
        self.head = head
        self.buffer = buffer
        self.cancel = cancel
    }

    deinit {
        cancel()
    }

    /// The status code, 100 to 599.
    public var status: Int { head.status }

    /// The first value of a header, its name compared without case.
    public func header(_ name: String) -> String? { head.header(name) }

    /// Begins to read; a second reader would share the pieces with the first.
    public func makeAsyncIterator() -> Iterator { Iterator(stream: self) }

    /// Reads the pieces in order.
    public struct Iterator: AsyncIteratorProtocol {
        let stream: HTTPStream

        /// The next piece; nil after the last one.
        ///
        /// - Throws: `.cancelled` if the reading task is cancelled, which also ends the request.
        public mutating func next() async throws(HTTPTransportError) -> [UInt8]? {
            try await stream.next()
        }

        /// The next piece; nil after the last one.
        public mutating func next(
            isolation actor: isolated (any Actor)?
        ) async throws(HTTPTransportError) -> [UInt8]? {
            try await stream.next()
        }
    }

    private func next() async throws(HTTPTransportError) -> [UInt8]? {
        let result = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                buffer.take { continuation.resume(returning: $0) }
            }
        } onCancel: {
            cancel()
        }
        return try result.get()
    }
}
