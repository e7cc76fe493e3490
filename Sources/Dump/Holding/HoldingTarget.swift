// SPDX-License-Identifier: Apache-2.0

public import AmandaFormat
import Synchronization

/// One dump's place on the holding disks: a target for the engine that takes the dump's one file.
///
/// The room that it was given stays promised until the dump is whole or given up, or the target is let go.
public final class HoldingTarget: DumpTarget {
    /// Pieces of 4 MiB, one at a time and in order; the dump is not divided.
    public let layout = StoragePlan(
        isMultipart: false, blockByteCount: 4 << 20, uploadThreadCount: 1, pieceLimit: nil)

    private let area: HoldingArea
    private let id: Int
    private let unfit: Set<Int>
    private let result = Mutex<HeldDump?>(nil)

    init(area: HoldingArea, id: Int, unfit: Set<Int>) {
        self.area = area
        self.id = id
        self.unfit = unfit
    }

    deinit {
        area.release(id)
    }

    /// What lies on the holding disks; nil until the dump is whole, and if it failed.
    public var held: HeldDump? { result.withLock { $0 } }

    public func open(_ header: DumpHeader, room: Int) async throws -> any DumpFile {
        guard header.part?.number ?? 1 == 1 else {
            throw DumpError.inconsistent(
                what: "a dump on a holding disk has one file, not \(header.part?.number ?? 0)")
        }
        let chunks = HeldChunks(header: header, area: area, id: id, unfit: unfit)
        return HoldingFile(chunks: chunks) { [weak self] held in
            self?.result.withLock { $0 = held }
            self?.releaseRoom()
        }
    }

    private func releaseRoom() {
        area.release(id)
    }
}
