// SPDX-License-Identifier: Apache-2.0

import AmandaFormat
import ChildProcess

/// Finds out how large tar's archive of a disk would be, without reading a file: tar knows `/dev/null` for what it is, and
/// looks at names and lengths alone, with the same excludes and the same base as for the dump.
///
/// Source: Amanda 3.5.1 `application-src/amgtar.c`, `amgtar_estimate`.
public struct DumpEstimator: Sendable {
    private let source: DumpSource

    /// For a dump of the source's level.
    public init(_ source: DumpSource) {
        self.source = source
    }

    /// The archive's bytes.
    ///
    /// - Throws: `DumpError`, `ChildProcessError.stalled` after `limit`, `CancellationError`; tar has ended then.
    public func byteCount(within limit: Duration) async throws -> Int64 {
        let options = try TarOptions(source.dle)
        let directory = try source.directory(options)
        let snapshots = TarSnapshots(
            host: source.host, dle: source.dle, directory: options.snapshotDirectory)
        let workspace = try TarWorkspace(source, options, snapshots, readFrom: directory)
        defer { workspace.remove() }
        let listing = try TarListing(indexPath: nil, rules: options.messageRules)
        let arguments = TarCommand.estimate(
            options, directory: directory, snapshot: workspace.snapshot,
            excludeFile: workspace.excludeFile, includeFile: workspace.includeFile)
        let child = try ChildProcess.spawn(ChildCommand(options.gnutarPath, arguments)) { listing.take($0) }
        let exit = try await child.exit(within: limit)
        guard case .status(let status) = exit, options.goodStatuses.contains(status),
            let bytes = listing.totalByteCount
        else {
            throw DumpError.tarFailed(exit: exit, lastMessage: listing.strange.last ?? listing.notes.last)
        }
        return bytes
    }
}
