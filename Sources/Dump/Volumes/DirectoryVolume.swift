// SPDX-License-Identifier: Apache-2.0

public import AmandaFormat
import BlockingWork
public import Files
import Synchronization

/// A volume that is a directory: each file of a dump is one file there, a padded header and then the data.
public final class DirectoryVolume: DumpVolume {
    /// The label, as logs and records name it.
    public let label: String
    /// The tapetype's figures.
    public let layout: StoragePlan
    /// Counts whole files, as Amanda does.
    public let room: VolumeRoom

    private let files: DirectoryFiles
    private let owner: FileOwner?
    private let patience: Patience
    private let next: Mutex<UInt32>

    /// - Parameters:
    ///   - files: the volume's, labelled already.
    ///   - owner: whose the files become: stock Amanda reads and deletes them as its dumpuser.
    ///   - firstFileNumber: from 1; behind the last file that the volume has.
    ///   - stallLimit: how long the disk may take for a few mebibytes.
    public init(
        label: String, files: DirectoryFiles, owner: FileOwner?, firstFileNumber: UInt32 = 1,
        layout: StoragePlan, room: VolumeRoom, stallLimit: Duration = .seconds(1800)
    ) {
        self.label = label
        self.files = files
        self.owner = owner
        self.layout = layout
        self.room = room
        patience = .limit(stallLimit)
        next = Mutex(firstFileNumber)
    }

    public var nextFileNumber: UInt32 { next.withLock { $0 } }

    /// Room for a volume in this directory: up to `limit` bytes, and, if it is watched, as long as its file system has any.
    ///
    /// - Parameter used: bytes of the files that are there.
    public static func room(
        in files: DirectoryFiles, limit: Int64?, used: Int64, watchesFreeSpace: Bool, layout: StoragePlan
    ) -> VolumeRoom {
        guard watchesFreeSpace else { return VolumeRoom(limit: limit, used: used) }
        let directory = files.directory
        let reserve = Int64(4 * layout.uploadPartByteCount)  // for what others write meanwhile
        return VolumeRoom(limit: limit, used: used) {
            guard
                let looked = PatientLook.all(
                    [directory], what: "volume-room", limit: .seconds(30), { try? FileSystem.room(at: $0) })[
                        directory]
            else { return 0 }
            return looked.map { $0.freeByteCount - reserve }
        }
    }

    public func openIfRoom(_ header: DumpHeader, room byteCount: Int) async throws -> (any DumpFile)? {
        let claimed = Int64(DirectoryFiles.headerByteCount + byteCount)
        guard await room.claim(claimed) else { return nil }
        do {
            let number = nextFileNumber
            let file = try await runBlocking(
                "volume-file", asking: [files.directory], patience,
                late: { [self] (_: DirectoryFile) in try? FileSystem.removeFile(path(number, header)) }
            ) { [self] in
                try make(number, header, RoomClaim(room, claimed: byteCount))
            }
            next.withLock { $0 = max($0, number + 1) }
            return file
        } catch {
            room.giveBack(claimed, unwritten: claimed)
            throw error
        }
    }

    private func path(_ number: UInt32, _ header: DumpHeader) -> [UInt8] {
        files.path(
            DirectoryFileName.dump(number, host: header.host, disk: header.disk, level: header.level))
    }

    private func make(_ number: UInt32, _ header: DumpHeader, _ claim: RoomClaim) throws -> DirectoryFile {
        let path = path(number, header)
        let file = try RandomAccessFile(creating: path, by: owner)
        do {
            try file.writeHeader(header.asPartial.inDirectory.bytes)
            try FileSystem.synchroniseDirectory(files.directory)
        } catch {
            try? FileSystem.removeFile(path)
            throw error
        }
        room.written(Int64(DirectoryFiles.headerByteCount))
        return DirectoryFile(
            place: DirectoryFile.Place(
                label: label, number: number, path: path, directory: files.directory, patience: patience,
                owner: owner),
            file: file, room: claim, pieceByteCount: layout.uploadPartByteCount)
    }
}

extension DumpHeader {
    /// As Amanda writes it into a file: with the length of the header in its hint, and no longer than that.
    var inDirectory: DumpHeader {
        var header = droppingDLE(over: DirectoryFiles.headerByteCount)
        header.blockKiB = DirectoryFiles.headerByteCount >> 10
        return header
    }
}
