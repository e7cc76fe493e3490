// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import AmandaFormat
import Dump

extension DumpRecord {
    /// What a node record keeps of a dump.
    init(_ entry: DisklistEntry, _ outcome: DumpOutcome, node: String) {
        self.init(
            planned: entry, status: .ok)
        switch outcome.status {
        case .done: status = .ok
        case .strange: status = .strange
        case .failed(let cause):
            status = .failed
            error = WireError(cause: cause, node: node)
        }
        attributes = outcome.attributes
        native = Stream(outcome.native)
        client = Stream(outcome.client)
        server = Stream(outcome.server)
        parts = outcome.parts.map(DumpPartRecord.init)
        seconds = outcome.seconds
        notes = outcome.notes
        strange = outcome.strange
    }

    /// A dump that is not made yet.
    init(planned entry: DisklistEntry, status: Status = .planned) {
        self.init(
            host: entry.host, disk: entry.diskName, device: entry.directory, level: 0, status: status,
            compression: entry.dumptype.compression == .none ? .none : .gzip)
    }

    /// A dump that could not even begin.
    init(_ entry: DisklistEntry, failedBy error: WireError) {
        self.init(planned: entry, status: .failed)
        self.error = error
    }
}

extension DumpRecord.Stream {
    init(_ sum: CRCSize) {
        let digits = String(sum.crc32c, radix: 16)
        self.init(
            crc32c: String(repeating: "0", count: 8 - digits.count) + digits, byteCount: sum.byteCount)
    }

    /// Nil where the record holds no checksum.
    var sum: CRCSize? { CRCSize(parsing: "\(crc32c):\(byteCount)") }
}

extension DumpPartRecord {
    init(_ part: DumpedPart) {
        self.init(
            label: part.label, fileNumber: Int(part.fileNumber), headerKey: part.headerKey,
            dataKey: part.dataKey,
            blockCount: part.blockCount, blockByteCount: part.blockByteCount.map(Int64.init),
            byteCount: part.byteCount, proof: part.proof == .checksum ? .checksum : .length)
    }
}
