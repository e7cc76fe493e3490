// SPDX-License-Identifier: Apache-2.0

import AmandaFormat
import BlockingWork
import Catalog
import Dump
import LogOutput
import Logging
import Planning
import S3

/// Sends what lies on a configuration's holding disks to a volume, within a run.
///
/// For each dump, in this order: data and proof, headers, the catalog's `DONE`, the node record of the run that made it, and only
/// then are the chunks removed. A crash anywhere leaves it held, on the volume, or both; never neither.
struct HeldDumpFlush: Sendable {
    /// One dump and what became of it.
    struct Flushed: Sendable {
        let held: HeldDump
        let outcome: DumpOutcome
        /// Why its evidence could not be written, though it lies on the volume: the chunks stay, and the next flush finishes it.
        var unwritten: (any Error)?
    }

    let disks: HoldingDisks
    let catalog: RunCatalog
    let order: TaperAlgorithm
    var logger = Logger.discarding

    /// Sends the dumps one after the other; one that fails stays held and does not stop the others, unless `isHopeless` says
    /// of its error that the next would only meet it again.
    ///
    /// - Parameters:
    ///   - spaceLeft: bytes that may still be written; asked before each dump.
    ///   - begin: told of each dump before its first byte.
    ///   - evidence: writes where a dump is now; its chunks go only if it succeeds.
    ///   - done: told of each dump, after its chunks have gone.
    func flush(
        _ dumps: [HeldDump], into target: any DumpTarget, spaceLeft: @Sendable () -> Int64 = { .max },
        isHopeless: @Sendable (any Error) -> Bool,
        begin: @Sendable (HeldDump) async -> Void = { _ in },
        progress: @escaping @Sendable (DumpProgress) -> Void = { _ in },
        evidence: @Sendable (Flushed) async throws -> Void = { _ in },
        done: @Sendable (Flushed) async -> Void
    ) async throws {
        var waiting = dumps
        while let next = order.next(among: waiting.map(\.storedByteCount), spaceLeft: spaceLeft()) {
            try Task.checkCancellation()
            let held = waiting.remove(at: next)
            await begin(held)
            let outcome = try await HoldingFlush().send(
                held, to: target, logger: logger.with(["disk": "\(held.header.disk)"]), progress: progress)
            try await runBlocking("catalog", asking: catalog.mayHang, catalog.patience) { [catalog] in
                try catalog.record(LoggedDump(flushed: outcome))
            }
            var flushed = Flushed(held: held, outcome: outcome)
            if outcome.isUsable {
                do {
                    try await evidence(flushed)
                    try await runBlocking("holding", asking: held.mayHang, catalog.patience) {
                        [catalog, disks] in
                        try disks.remove(held)
                        try catalog.flushed(held)
                    }
                } catch {
                    if error is CancellationError || Task.isCancelled { throw CancellationError() }
                    flushed.unwritten = error
                }
            }
            await done(flushed)
            if case .failed(let error) = outcome.status, isHopeless(error) { return }
        }
    }
}

extension LoggedDump {
    /// A dump that was made and lies on a holding disk.
    init(_ outcome: DumpOutcome, heldAs held: HeldDump) {
        self.init(outcome)
        parts = []
        way = .held(file: held.path, storedByteCount: held.storedByteCount)
    }

    /// A dump that went from a holding disk to a volume, or failed to; index and header were written when it was made.
    init(flushed outcome: DumpOutcome) {
        self.init(outcome)
        way = .flushed
    }
}
