// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import AmandaFormat
import BlockingWork
import Dump
import S3

/// The objects of all dumps, at every level, that a restore needs, made readable before the first of them is read: headers too, since a
/// lifecycle rule moves whatever belongs to a volume's files.
struct ArchivedDumps: Sendable {
    private static let width = 8

    let clients: BucketClients
    let reporter: JobReporter
    let options: GlacierThaw.Options

    /// Thaws what `READ-FROM-GLACIER` of its configuration allows, all of it in one go, and waits.
    ///
    /// - Throws: `S3Error.archived` for what is frozen and must not be thawed, before anything is asked for.
    func makeReadable(_ disks: [RestorableDisk]) async throws {
        let (thawable, others) = disks.split(by: { disk in
            disk.readsFromGlacier
                || clients.changer(of: disk.configuration.name)?.readsFromGlacier == true
        })
        try await GlacierThaw.requireReadable(objects(of: others))
        try await GlacierThaw(options).thaw(objects(of: thawable)) { progress in
            await reporter.note(Self.text(progress))
        }
    }

    private func objects(of disks: [RestorableDisk]) async throws -> [NeededObject] {
        var objects: [NeededObject] = []
        for (disk, dump) in disks.flatMap({ disk in disk.dumps.map { (disk, $0) } }) {
            for volume in dump.volumes where volume.directory == nil {
                let client = try clients.client(of: volume, of: disk.configuration.name)
                let parts = dump.parts.filter { $0.label == volume.label }
                let keys = try await onEvery(parts, width: Self.width) { part in
                    try await Self.keys(of: part, ObjectKeys(slotPrefix: volume.prefix), client)
                }
                objects += keys.joined().map { NeededObject(client: client, key: $0) }
            }
        }
        return objects
    }

    /// Of blocks, which may be very many, only those that the listing says are archived.
    private static func keys(
        of part: DumpBaseRecord.Part, _ keys: ObjectKeys, _ client: S3Client
    ) async throws -> [String] {
        guard let number = UInt32(exactly: part.fileNumber) else { return [] }
        let header = keys.header(file: number)
        let data = keys.data(file: number)
        if try await client.head(data) != nil { return [header, data] }
        let blocks = try await client.list(prefix: keys.blocks(file: number)).objects
        return [header] + blocks.filter(\.isArchived).map(\.key)
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
