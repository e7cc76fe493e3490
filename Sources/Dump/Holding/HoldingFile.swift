// SPDX-License-Identifier: Apache-2.0

public import AmandaFormat
import BlockingWork

/// The one file of a dump on its way to a holding disk: pieces in order, then the header that makes it count.
actor HoldingFile: DumpFile {
    private let chunks: HeldChunks
    private let conclude: @Sendable (HeldDump?) -> Void
    private var nextPiece = 1

    /// `conclude` is told what lies there, nil: nothing, whenever that changes for good.
    init(chunks: HeldChunks, conclude: @escaping @Sendable (HeldDump?) -> Void) {
        self.chunks = chunks
        self.conclude = conclude
    }

    /// What a thread that was given up does later, it does to chunks that count for nobody.
    private func onDisk<Value: Sendable>(
        _ work: @escaping @Sendable (HeldChunks) throws -> Value
    ) async throws -> Value {
        try await runBlocking("holding", asking: chunks.holdingDisks, chunks.patience) { [chunks] in
            try work(chunks)
        }
    }

    func send(piece: Int, _ block: ByteBlock) async throws {
        guard piece == nextPiece else {
            throw DumpError.inconsistent(what: "piece \(piece) came before piece \(nextPiece)")
        }
        nextPiece += 1
        try await onDisk { try $0.append(block.bytes) }
    }

    func finish() async throws -> DumpPart {
        try await onDisk { try $0.finish() }
        return DumpPart(
            label: HeldDump.label, fileNumber: 0, headerKey: chunks.path, dataKey: chunks.path,
            byteCount: chunks.dataByteCount, proof: .length)
    }

    func writeHeader(_ header: DumpHeader) async throws {
        let held = try await onDisk { try $0.commit(header) }
        conclude(held)
    }

    func abort() async -> String? {
        do {
            guard try await onDisk({ try $0.abandon() }) else { return nil }
            conclude(nil)
            return nil
        } catch {
            return "chunks of the dump are left on the holding disk: \(error)"
        }
    }
}

extension HeldDump {
    /// Stands for a volume's label where a dump lies on a holding disk, as in Amanda's listings.
    public static let label = "HOLDING"
}
