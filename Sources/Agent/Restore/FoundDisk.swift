// SPDX-License-Identifier: Apache-2.0

import AgentAPI
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
