// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import AmandaFormat
import BlockingWork
import Dump
import S3
import Volumes

/// A disk to restore, with what is left of every file of every dump of it: looked up once, before anything else is asked or written.
struct FoundDisk: Sendable {
    private static let width = 4

    let disk: RestorableDisk
    /// Of each of `disk.dumps`; of a lost disk none.
    let parts: [[RestorePlan.Part]]

    /// What the store must be able to give.
    var objects: [NeededObject] { parts.joined().flatMap { $0.found?.objects ?? [] } }

    /// What a plan says of each dump; of a lost disk by its record.
    var levels: [NodeRestorePlan.Level] {
        disk.dumps.enumerated().map { index, dump in
            let found = index < parts.count ? parts[index] : []
            let recorded = dump.record.parts.compactMap(\.byteCount)
            let looked = found.compactMap(\.found)
            return NodeRestorePlan.Level(
                level: dump.level, run: dump.run,
                storedBytes: looked.isEmpty
                    ? recorded.byteSum : looked.flatMap(\.stored.pieces).map(\.byteCount).byteSum,
                dumpedBytes: dump.record.native.flatMap { $0.byteCount > 0 ? $0.byteCount : nil },
                objects: looked.isEmpty
                    ? 2 * dump.record.parts.count
                    : looked.reduce(0) { $0 + max($1.objects.count, $1.stored.pieces.count + 1) })
        }
    }

    static func lookUp(
        _ disks: [RestorableDisk], _ clients: BucketClients, _ lost: inout LostDisks
    ) async throws -> [FoundDisk] {
        let indices = disks.indices.filter { lost[$0] == nil }
        let dumps = indices.flatMap { index in disks[index].dumps.map { (index: index, dump: $0) } }
        let found = try await onEvery(dumps, width: width) { index, dump in
            do {
                let access = VolumeAccess(clients, of: disks[index].configuration.name)
                return Result<[RestorePlan.Part], any Error>.success(try await dump.parts(access))
            } catch let error where LostDisks.isOfOneDisk(error) {
                return .failure(error)
            }
        }
        var parts: [Int: [[RestorePlan.Part]]] = [:]
        for ((index, _), result) in zip(dumps, found) {
            switch result {
            case .success(let found): parts[index, default: []].append(found)
            case .failure(let error): lost.add(error, at: index)
            }
        }
        return disks.indices.map { index in
            FoundDisk(disk: disks[index], parts: lost[index] == nil ? parts[index] ?? [] : [])
        }
    }
}
