// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import AmandaFormat
import BlockingWork
import Catalog
import Dump
import Files

/// Finds the dumps that a record calls held on this node's holding disks, by the paths that the record names: no store is needed.
struct HeldDumpLookup: Sendable {
    /// By the first chunk's path.
    private let found: [String: HeldDump]

    /// Reads the headers of what lies there.
    ///
    /// - Parameter own: the configuration's holding disks, for a record out of the bucket, which decides nothing; nil: the record is
    ///   this agent's own, or there is no configuration.
    init(_ records: [HeldDumpRecord], within own: [String]? = nil) async throws {
        found = try await runBlocking("held-dumps") {
            let directories = Set(
                records.compactMap { $0.chunks.first?.path }.map {
                    FileSystem.parentDirectory(of: FileSystem.parentDirectory(of: $0))
                }
            ).filter { directory in own?.contains { $0 == directory || $0 == "\(directory)/" } ?? true }
            let dumps = try HoldingDisks(directories: directories.sorted()).contents().dumps
            return Dictionary(dumps.map { ($0.path, $0) }, uniquingKeysWith: { first, _ in first })
        }
    }

    /// The dump, if it still lies there and is whole.
    subscript(_ record: HeldDumpRecord) -> HeldDump? {
        guard let dump = record.chunks.first.flatMap({ found[$0.path] }), dump.isWhole else { return nil }
        let header = dump.header
        let isIt =
            header.datestamp == record.run && header.host == record.host
            && header.disk == record.disk && header.level == record.level
        return isIt ? dump : nil
    }
}

extension NodeRecord {
    /// What is held of some configurations.
    func heldRecords(of choices: [ConfigurationChoice]) -> [HeldDumpRecord] {
        heldDumps.filter { held in choices.contains { $0.name == held.configuration } }
            .compactMap(\.dump.held)
    }
}
