// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import AmandaFormat
import S3

/// The objects of all dumps, at every level, that a restore needs, made readable before the first of them is read: headers too, since a
/// lifecycle rule moves whatever belongs to a volume's files.
struct ArchivedDumps: Sendable {
    let clients: BucketClients
    let note: @Sendable (String) async -> Void
    let options: GlacierThaw.Options

    /// Thaws what `READ-FROM-GLACIER` of its configuration allows, all of it in one go, and waits.
    ///
    /// - Throws: `S3Error.archived` for what is frozen and must not be thawed, before anything is asked for.
    func makeReadable(_ disks: [FoundDisk]) async throws {
        let thawable = try await thawable(among: disks)
        try await GlacierThaw(options).thaw(thawable.flatMap(\.objects)) { progress in
            await note(Self.text(progress))
        }
    }

    /// What a thaw would wait for; nil: nothing. Nothing is asked for.
    ///
    /// - Throws: as `makeReadable`.
    func outlook(_ disks: [FoundDisk]) async throws -> NodeRestorePlan.Archive? {
        let thawable = try await thawable(among: disks)
        guard let found = try await GlacierThaw(options).outlook(thawable.flatMap(\.objects)) else {
            return nil
        }
        return NodeRestorePlan.Archive(
            objects: found.archivedCount, bytes: found.archivedBytes,
            leastMinutes: found.usualMinutes.lowerBound, mostMinutes: found.usualMinutes.upperBound)
    }

    /// - Throws: `S3Error.archived` for what is frozen and must not be thawed.
    private func thawable(among disks: [FoundDisk]) async throws -> [FoundDisk] {
        let (thawable, others) = disks.split(by: { found in
            found.disk.readsFromGlacier
                || clients.changer(of: found.disk.configuration.name)?.readsFromGlacier == true
        })
        try await GlacierThaw.requireReadable(others.flatMap(\.objects))
        return thawable
    }

    static func text(_ progress: GlacierThaw.Progress) -> String {
        let minutes = progress.usualMinutes
        return "thawing: \(progress.thawedCount) of \(progress.archivedCount) objects "
            + "(\(Quantity.bytes(progress.archivedBytes))) can be read after "
            + "\(Quantity.duration(seconds: progress.elapsed.inSeconds)); as a rule it takes "
            + "\(Quantity.duration(seconds: Double(minutes.lowerBound) * 60)) to "
            + Quantity.duration(seconds: Double(minutes.upperBound) * 60)
    }
}

extension GlacierThaw.Options {
    init(_ order: ThawOrder) {
        self.init()
        days = order.days
        deadline = order.deadlineSeconds.map { .seconds($0) }
        tier =
            switch order.tier {
            case .standard: .standard
            case .bulk: .bulk
            case .expedited: .expedited
            }
    }
}

extension Array {
    /// Those for which the condition holds, and the others.
    fileprivate func split(by condition: (Element) -> Bool) -> (matching: [Element], others: [Element]) {
        (filter(condition), filter { !condition($0) })
    }
}
