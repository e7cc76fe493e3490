// SPDX-License-Identifier: Apache-2.0

public import AmandaFormat
import BlockingWork
import Files

/// Brings held dumps back straight from the holding disks: no store is needed.
public struct HeldRestore: Sendable {
    /// For any number of dumps.
    public init() {}

    /// The plan that the dump's own header asks for.
    ///
    /// - Throws: as the plan of a dump in a bucket; `HoldingError.notWhole` for a dump that is not whole.
    public func plan(_ held: HeldDump, target: String) throws -> RestorePlan {
        if let fault = held.fault { throw HoldingError.notWhole(path: held.path, reason: fault) }
        return try RestorePlan(header: held.header, parts: [], target: target)
    }

    /// Restores the dump into `plan.target`, with all the checks of a restore from a bucket.
    public func restore(
        _ held: HeldDump, _ plan: RestorePlan,
        progress: @escaping @Sendable (RestoreProgress) -> Void = { _ in }
    ) async throws -> RestoreOutcome {
        let stream = StoredStream(
            segments: held.chunks.map { .init(key: $0.path, byteCount: $0.dataByteCount) })
        return try await RestoreEngine.restore(plan, stream, from: HeldSource(), progress)
    }
}

/// Chunk files by their paths, without their headers.
private struct HeldSource: RangeSource {
    func read(_ key: String, range: Range<Int64>, into block: ByteBlock) async throws {
        try await runBlocking("held-chunk") {
            let file = try InputFile(key)
            block.count = 0
            let room = UnsafeMutableRawBufferPointer(rebasing: block.remainder[..<range.count])
            let offset = Int64(DumpHeader.chunkHeaderByteCount) + range.lowerBound
            block.count = try file.read(into: room, at: offset)
            guard block.count == range.count else {
                throw HoldingError.notWhole(path: key, reason: "it became shorter while it was read")
            }
        }
    }
}
