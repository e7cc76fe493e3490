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
    /// Of each of `disk.dumps`.
    let parts: [[RestorePlan.Part]]

    /// What the store must be able to give.
    var objects: [NeededObject] { parts.joined().flatMap { $0.found?.objects ?? [] } }

    static func lookUp(_ disks: [RestorableDisk], _ clients: BucketClients) async throws -> [FoundDisk] {
        let dumps = disks.flatMap { disk in disk.dumps.map { (disk: disk, dump: $0) } }
        let found = try await onEvery(dumps, width: width) { disk, dump in
            try await dump.parts(VolumeAccess(clients, of: disk.configuration.name))
        }
        var rest = found[...]
        return disks.map { disk in
            defer { rest = rest.dropFirst(disk.dumps.count) }
            return FoundDisk(disk: disk, parts: Array(rest.prefix(disk.dumps.count)))
        }
    }
}
