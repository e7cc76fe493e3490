// SPDX-License-Identifier: Apache-2.0

import BlockingWork
import Descriptors

/// Sends HTTP requests through libcurl's multi interface, all of them on one thread of its own.
///
/// No redirect is followed, no proxy of the environment is used, HTTP/1.1 only. Any number of requests may be asked for: as many
/// as there are descriptors for are under way, the others wait for their turn, which their limits do not count.
public final class HTTPTransport: Sendable {
    private let loop: TransferLoop

    /// How many requests can be under way at the same time.
    public let concurrency: Int

    /// A transport that keeps up to `connectionCount` idle connections for further requests.
    ///
    /// - Parameter descriptorCount: how many descriptors it may hold; nil: half of what the process may have.
    /// - Throws: `HTTPTransportError.shortage` if the process has no descriptors, memory or threads left.
    public init(connectionCount: Int = 64, descriptorCount: Int? = nil) throws {
        let budget = ConnectionBudget(descriptorCount: descriptorCount ?? DescriptorLimit.current / 2)
        concurrency = budget.connectionLimit
        loop = try TransferLoop(connectionCount: connectionCount, budget: budget)
    }

    deinit {
        loop.stop()
    }

    /// Sends `request` and waits for the whole answer.
    ///
    /// Cancelling the task ends the request at once; blocks that it borrowed are free when this returns or throws.
    public func send(_ request: HTTPRequest) async throws(HTTPTransportError) -> HTTPResponse {
        let transfer = Transfer(request, mode: .whole)
        let result = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                transfer.onEnd { continuation.resume(returning: $0) }
                loop.start(transfer)
            }
        } onCancel: {
            loop.cancel(transfer)
        }
        return try result.get()
    }

    /// Sends `request` and returns as soon as status and headers are there; the body is read as the stream is.
    ///
    /// `request.sink` is not used. The stream's reader sets the pace: when it stops, the server is stopped.
    public func open(_ request: HTTPRequest) async throws(HTTPTransportError) -> HTTPStream {
        let buffer = StreamBuffer()
        let transfer = Transfer(request, mode: .stream(buffer))
        let loop = self.loop
        buffer.onResume { loop.resume(transfer) }
        let result: Result<HTTPResponseHead, HTTPTransportError> = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                buffer.onHead { continuation.resume(returning: $0) }
                transfer.onEnd { buffer.end($0) }
                loop.start(transfer)
            }
        } onCancel: {
            loop.cancel(transfer)
        }
        return HTTPStream(head: try result.get(), buffer: buffer) { loop.cancel(transfer) }
    }

    /// Ends every request (each throws `.shutDown`) and the thread; further requests throw `.shutDown`.
    public func shutdown() async {
        await loop.stopAndWait()
    }
}
