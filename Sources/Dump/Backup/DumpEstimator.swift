// SPDX-License-Identifier: Apache-2.0

import AmandaFormat
import BlockingWork
import ChildProcess
import Files
import Glibc
public import LogOutput
public import Logging

/// Finds out how large tar's archive of a disk would be, without reading a file: tar knows `/dev/null` for what it is, and
/// looks at names and lengths alone, with the same excludes and the same base as for the dump.
///
/// Source: Amanda 3.5.1 `application-src/amgtar.c`, `amgtar_estimate`.
public struct DumpEstimator: Sendable {
    private let source: DumpSource
    private let logger: Logger

    /// For a dump of the source's level.
    public init(
        _ source: DumpSource, logger: Logger = .discarding
    ) {
        self.source = source
        self.logger = logger
    }

    /// The archive's bytes.
    ///
    /// - Throws: `DumpError`, `HangFault`, `ChildProcessError.stalled` or `stuck` after `limit`, `CancellationError`; tar has ended then, unless it is stuck.
    public func byteCount(within limit: Duration) async throws -> Int64 {
        let options = try TarOptions(source.dle)
        do {
            let workspace = try await TarWorkspace.make(source, options, .limit(limit))
            do {
                let bytes = try await byteCount(options, workspace, within: limit)
                await workspace.remove()
                return bytes
            } catch {
                await workspace.remove()
                throw error
            }
        } catch {
            let room = source.workDirectory.map { StateRoom(FileSystem.parentDirectory(of: $0)) }
            throw await (try? runBlocking("room") { room?.named(error) }).flatMap(\.self) ?? error
        }
    }

    private func byteCount(
        _ options: TarOptions, _ workspace: TarWorkspace, within limit: Duration
    ) async throws -> Int64 {
        let listing = try await TarListing.make(
            indexPath: nil, rules: options.messageRules, logger: logger)
        let arguments = TarCommand.estimate(
            options, directory: workspace.device, snapshot: workspace.snapshot,
            excludeFile: workspace.excludeFile, includeFile: workspace.includeFile)
        var command = ChildCommand(options.gnutarPath, arguments)
        command.touches = workspace.device
        let child = try await ChildProcess.begin(command) { listing.take($0) }
        logger.started(options.gnutarPath, child)
        let exit = try await child.exit(within: limit)
        logger.ended(options.gnutarPath, exit)
        if listing.isSnapshotWithoutRoom {
            throw FilesError("write", workspace.snapshot, errorNumber: ENOSPC)
        }
        guard case .status(let status) = exit, options.goodStatuses.contains(status),
            let bytes = listing.totalByteCount
        else {
            throw DumpError.tarFailed(exit: exit, cause: listing.cause)
        }
        logger.debug("disk estimated", metadata: ["level": "\(source.dle.level)", "bytes": "\(bytes)"])
        return bytes
    }
}
