// SPDX-License-Identifier: Apache-2.0

public import AmandaFormat
import BlockingWork
public import S3
import Synchronization

/// A volume in the bucket that takes the files of dumps.
public final class BucketVolume: DumpVolume {
    /// The label, as logs and records name it.
    public let label: String
    /// The tapetype's and the device's figures.
    public let layout: StoragePlan
    /// Counts headers and data, as Amanda does.
    public let room: VolumeRoom

    private let client: S3Client
    private let journal: UploadJournal
    private let keys: ObjectKeys
    private let next: Mutex<UInt32>
    /// Whoever holds the one turn gives out a number.
    private let turn = HandOver<Void>(capacity: 1)

    /// - Parameters:
    ///   - journal: upload ids are written to it before use, and leave it when completed or aborted.
    ///   - keys: the volume's slot.
    ///   - firstFileNumber: from 1; behind the last file that the volume has.
    public init(
        label: String, client: S3Client, journal: UploadJournal, keys: ObjectKeys,
        firstFileNumber: UInt32 = 1, layout: StoragePlan, room: VolumeRoom = VolumeRoom(limit: nil)
    ) throws {
        self.label = label
        self.room = room
        self.client = client
        self.journal = journal
        self.keys = keys
        self.layout = layout
        next = Mutex(firstFileNumber)
        try turn.putBlocking(())
    }

    public var nextFileNumber: UInt32 { next.withLock { $0 } }

    public func openIfRoom(_ header: DumpHeader, room byteCount: Int) async throws -> (any DumpFile)? {
        let claimed = Int64(header.bytes.count + byteCount)
        guard await room.claim(claimed) else { return nil }
        return try await takeNumber(header, RoomClaim(room, claimed: byteCount))
    }

    private func takeNumber(_ header: DumpHeader, _ claim: RoomClaim) async throws -> BucketFile {
        _ = try await turn.take()
        defer { try? turn.putBlocking(()) }  // there is room for the one turn
        let file = BucketFile(
            place: BucketFile.Place(label: label, number: nextFileNumber, keys: keys), room: claim,
            client: client, journal: journal, layout: layout)
        try await file.writeHeader(header.asPartial)
        next.withLock { $0 += 1 }
        return file
    }
}

extension DumpHeader {
    /// The header of a file that does not count, or not yet.
    var asPartial: DumpHeader {
        var header = self
        header.isPartial = true
        return header
    }
}
