// SPDX-License-Identifier: Apache-2.0

import Testing

/// All suites that share this machine's processors and its S3 server's disk: one after the other.
@Suite(.serialized) enum EndToEnd {}

/// What a suite's tests look at: arranged once before the first of them, removed after the last.
protocol Arrangement: Sendable {
    static func arrange() async throws -> Self
    func remove() async
}

/// Gives a suite its arrangement: `@Suite(.arranged(OneBackup.self))`, then `try Arranged.as(OneBackup.self)`.
struct ArrangedScope<Kind: Arrangement>: SuiteTrait, TestScoping {
    var isRecursive: Bool { false }

    @concurrent func provideScope(
        for test: Test, testCase: Test.Case?,
        performing function: @Sendable @concurrent () async throws -> Void
    ) async throws {
        let arrangement = try await Kind.arrange()
        do {
            try await Arranged.$current.withValue(arrangement) { try await function() }
        } catch {
            await arrangement.remove()
            throw error
        }
        await arrangement.remove()
    }
}

enum Arranged {
    @TaskLocal static var current: (any Arrangement)?

    /// The arrangement of the suite that the calling test belongs to.
    static func `as`<Kind: Arrangement>(_ kind: Kind.Type) throws -> Kind {
        guard let arrangement = current as? Kind else {
            throw CommandError.never("\(kind) is arranged", .zero)
        }
        return arrangement
    }
}

extension SuiteTrait {
    static func arranged<Kind: Arrangement>(_ kind: Kind.Type) -> Self where Self == ArrangedScope<Kind> {
        ArrangedScope<Kind>()
    }
}
