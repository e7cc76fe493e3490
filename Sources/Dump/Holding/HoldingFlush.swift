// SPDX-License-Identifier: Apache-2.0

public import AmandaFormat
public import LogOutput
public import Logging

/// Sends held dumps to volumes, byte for byte as they lie.
public struct HoldingFlush: Sendable {
    /// For any number of dumps.
    public init() {}

    /// Sends one dump: data, proof, then headers, in this order. Its chunks stay where they are: they are the caller's to
    /// remove, once the catalog knows where the dump lies now.
    ///
    /// The stream's CRC-32C is compared with the held header's before a header that counts is written. A flush that
    /// fails is an outcome, and leaves what a failed dump leaves.
    ///
    /// - Throws: `CancellationError` when the task was cancelled, after the same clean-up.
    public func send(
        _ held: HeldDump, to target: any DumpTarget,
        logger: Logger = .discarding,
        progress: @escaping @Sendable (DumpProgress) -> Void = { _ in }
    ) async throws -> DumpOutcome {
        let started = ContinuousClock.now
        let header = held.header.flushed
        let files = DumpFiles(target: target, header: header, logger: logger)
        logger.info("flush begins", metadata: ["held": "\(held.path)"])
        var outcome = DumpOutcome(flushing: held, header: header)
        do {
            try await send(held, header, target, files, ProgressMeter(progress))
        } catch {
            outcome.notes = await files.giveUpInTime()
            if error is CancellationError || Task.isCancelled { throw CancellationError() }
            outcome.status = .failed(error)
            outcome.header = header.asPartial
        }
        outcome.parts = await files.finishedParts
        outcome.seconds = (ContinuousClock.now - started) / .seconds(1)
        logger.info("flush ended", metadata: outcome.metadata)
        return outcome
    }

    private func send(
        _ held: HeldDump, _ header: DumpHeader, _ target: any DumpTarget, _ files: DumpFiles,
        _ meter: ProgressMeter
    ) async throws {
        if let fault = held.fault { throw HoldingError.notWhole(path: held.path, reason: fault) }
        let pipeline = FlushPipeline(held, layout: target.layout, files: files, meter: meter)
        let found = try await pipeline.run()
        if let stored = header.serverCRC, stored.isKnown, stored != found {
            throw HoldingError.checksumDiffers(path: held.path, expected: "\(stored)", found: "\(found)")
        }
        var header = header
        header.serverCRC = found
        try await files.writeHeaders(header)
        meter.finish()
    }
}

extension DumpOutcome {
    fileprivate init(flushing held: HeldDump, header: DumpHeader) {
        let unknown = CRCSize(crc32c: 0, byteCount: 0)
        self.init(
            status: .done, parts: [], header: header, native: header.nativeCRC ?? unknown,
            client: header.clientCRC ?? unknown, server: header.serverCRC ?? unknown,
            originalKiB: header.originalKiB ?? 0, seconds: 0, notes: [], strange: [], indexPath: nil,
            entryCount: 0, attributes: [])
    }
}
