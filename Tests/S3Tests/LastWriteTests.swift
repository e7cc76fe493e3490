// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import S3

/// What is written last is not lost to a refusal that passes.
struct LastWriteTests {
    private static let call = S3Call(action: "PutObject", endpoint: "https://s3", bucket: "b", key: "k")

    /// How often it was tried with that many failures before.
    private func attempts(_ error: S3Error, failures: Int, _ last: LastWrite) async throws -> Int {
        var count = 0
        try? await last.attempt {
            count += 1
            if count <= failures { throw error }
        }
        return count
    }

    @Test func `a refusal is not believed before the pauses are over`() async throws {
        let last = LastWrite(within: .seconds(9), pauses: [.zero, .zero, .zero])
        for error in [S3Error.noSuchBucket(Self.call), .accessDenied(Self.call), .expiredToken(Self.call)] {
            #expect(try await attempts(error, failures: 2, last) == 3)
            #expect(try await attempts(error, failures: 9, last) == 4)
        }
    }

    @Test func `what was tried for long is not tried again`() async throws {
        let last = LastWrite(within: .seconds(9), pauses: [.zero, .zero, .zero])
        let error = S3Error.unreachable(Self.call, reason: "refused", attempts: 9)
        #expect(try await attempts(error, failures: 9, last) == 1)
    }

    @Test func `pauses are no longer than an outage may be`() async throws {
        let last = LastWrite(within: .milliseconds(10), pauses: [.milliseconds(1), .seconds(99)])
        #expect(try await attempts(.noSuchBucket(Self.call), failures: 9, last) == 2)
    }

    @Test func `a cancellation ends it at once`() async throws {
        let task = Task {
            try await LastWrite(within: .seconds(999), pauses: [.seconds(99)]).attempt {
                throw S3Error.noSuchBucket(Self.call)
            }
        }
        task.cancel()
        await #expect(throws: CancellationError.self) { try await task.value }
    }
}
