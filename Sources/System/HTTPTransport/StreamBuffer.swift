// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// What lies between the loop's thread, which puts pieces in, and the task that reads the stream.
///
/// Bounded: when `bound` bytes wait, further ones are refused and the transfer is paused until the reader has
/// emptied it.
final class StreamBuffer: Sendable {
    typealias Piece = Result<[UInt8]?, HTTPTransportError>
    typealias Head = Result<HTTPResponseHead, HTTPTransportError>

    fileprivate struct State {
        var pieces: [[UInt8]] = []
        var byteCount = 0
        var end: Result<Void, HTTPTransportError>?
        var isPaused = false
        var head: (@Sendable (Head) -> Void)?
        var reader: (@Sendable (Piece) -> Void)?
        var resume: (@Sendable () -> Void)?
    }

    private static let bound = 256 << 10
    private let state = Mutex(State())

    /// Sets what makes a paused transfer go on.
    func onResume(_ action: @escaping @Sendable () -> Void) {
        state.withLock { $0.resume = action }
    }

    /// Sets what is called once with status and headers, or with what went wrong before they came.
    func onHead(_ action: @escaping @Sendable (Head) -> Void) {
        state.withLock { $0.head = action }
    }

    var isPaused: Bool { state.withLock { $0.isPaused } }

    func begin(_ head: HTTPResponseHead) {
        takeHeadAction()?(.success(head))
    }

    /// Takes a piece; false: full, and the transfer is paused.
    func put(_ bytes: UnsafeRawBufferPointer) -> Bool {
        let (isTaken, reader) = state.withLock { state -> (Bool, (@Sendable (Piece) -> Void)?) in
            if let reader = state.reader {
                state.reader = nil
                return (true, reader)
            }
            guard state.byteCount < Self.bound else {
                state.isPaused = true
                return (false, nil)
            }
            state.pieces.append(Array(bytes))
            state.byteCount += bytes.count
            return (true, nil)
        }
        reader?(.success(Array(bytes)))
        return isTaken
    }

    /// The transfer has ended, either way.
    func end(_ result: Result<HTTPResponse, HTTPTransportError>) {
        let reader = state.withLock { state in
            state.end = result.map { _ in }
            state.resume = nil  // it holds the transfer, which holds this buffer
            defer { state.reader = nil }
            return state.reader
        }
        if case .failure(let error) = result { takeHeadAction()?(.failure(error)) }
        reader?(Self.last(result.map { _ in }))
    }

    /// Gives the reader the next piece, now or when it comes. What came before a failure is still given.
    func take(_ reader: @escaping @Sendable (Piece) -> Void) {
        let (piece, resume) = state.withLock { state -> (Piece?, (@Sendable () -> Void)?) in
            if !state.pieces.isEmpty {
                let bytes = state.pieces.removeFirst()
                state.byteCount -= bytes.count
                return (.success(bytes), state.takeResume())
            }
            if let end = state.end { return (Self.last(end), nil) }
            state.reader = reader
            return (nil, state.takeResume())
        }
        resume?()
        if let piece { reader(piece) }
    }

    private static func last(_ end: Result<Void, HTTPTransportError>) -> Piece {
        end.map { nil }
    }

    private func takeHeadAction() -> (@Sendable (Head) -> Void)? {
        state.withLock { state in
            defer { state.head = nil }
            return state.head
        }
    }
}

extension StreamBuffer.State {
    fileprivate mutating func takeResume() -> (@Sendable () -> Void)? {
        guard isPaused, pieces.isEmpty else { return nil }
        isPaused = false
        return resume
    }
}
