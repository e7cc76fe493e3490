// SPDX-License-Identifier: Apache-2.0

import AmandaFormat

/// The tasks of one pipeline, side by side; one of them gives its sum.
struct PipelineTasks: Sendable {
    private var tasks: [@Sendable () async throws -> CRCSize?] = []

    /// One that only works.
    mutating func add(_ work: @escaping @Sendable () async throws -> Void) {
        tasks.append {
            try await work()
            return nil
        }
    }

    /// The one that gives the sum.
    mutating func addSum(_ work: @escaping @Sendable () async throws -> CRCSize) {
        tasks.append { try await work() }
    }

    /// Runs all of them to their end. The first failure stops the others: `fail` wakes what waits in a hand-over, which the
    /// group's cancellation alone would not.
    func run(fail: @Sendable (any Error) -> Void) async throws -> CRCSize {
        try await withThrowingTaskGroup(of: CRCSize?.self) { group in
            for task in tasks { group.addTask { try await task() } }
            var sum: CRCSize?
            do {
                while let share = try await group.next() { sum = share ?? sum }
            } catch {
                fail(error)
                throw error
            }
            guard let sum else { throw CancellationError() }
            return sum
        }
    }
}
