// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import BlockingWork
import S3

/// The newest runs there are. A run exists when its manifest does: whoever may write a node's record can make a name, and a name alone is
/// passed over, in whichever future or number.
extension ClusterBucket {
    /// How many names are asked for at most, the newest first: whoever makes more hides older runs, and every command says which of them
    /// are there.
    static let nameLimit = 1_000
    private static let width = 8

    /// Manifests that can be read, newest first. As many requests as `count`, and one more for each name that is no run.
    ///
    /// - Throws: where the store does not answer, and `CancellationError`; a single manifest that cannot be read is passed
    ///   over; `status` tells of it.
    func newestManifests(_ count: Int) async throws -> [Stored<RunManifest>] {
        try await newest(count, of: runs().reversed()) { run in
            do {
                return try await manifest(run)
            } catch let error as S3Error where error.reach == .wholeStore {
                throw error
            } catch {
                try Task.checkCancellation()
                return nil
            }
        }
    }

    /// Of these names the first that are runs, in their order; a small request each.
    func existing(_ count: Int, of names: some Sequence<RunName>) async throws -> [RunName] {
        try await newest(count, of: names) { run in
            try await client.head(layout.manifest(run)) == nil ? nil : run
        }
    }

    private func newest<Found: Sendable>(
        _ count: Int, of names: some Sequence<RunName>,
        _ look: @escaping @Sendable (RunName) async throws -> Found?
    ) async throws -> [Found] {
        var rest = Array(names.prefix(Self.nameLimit))[...]
        var found: [Found] = []
        while !rest.isEmpty, found.count < count {
            let step = Array(rest.prefix(min(Self.width, count - found.count)))
            rest = rest.dropFirst(step.count)
            found += try await onEvery(step, width: Self.width, look).compactMap(\.self)
        }
        return found
    }
}
