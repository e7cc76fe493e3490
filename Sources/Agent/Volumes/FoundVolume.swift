// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import AmandaFormat
import BlockingWork
import Dump
import S3

/// A volume as it lies in the store: every file of it that has a header, what that says, and how long its data are.
struct FoundVolume: Sendable {
    /// One numbered file.
    struct File: Sendable {
        let label: String
        let number: UInt32
        let header: DumpHeader
        let stored: StoredFile
    }

    let record: VolumeRecord
    let reader: any Dump.VolumeReader
    /// By number.
    let files: [File]
    /// Why not all of it is known: a file that has no header of Amanda's, or too many; nil: every file is.
    let oddity: String?

    /// Reads every header and asks how long every file is: costs two or three requests a file.
    ///
    /// - Throws: `S3Error`, `FilesError`: what cannot be looked at is not known.
    static func read(_ record: VolumeRecord, _ access: VolumeAccess) async throws -> FoundVolume {
        let reader = try await access.reader(of: record)
        let numbers = try await access.fileNumbers(of: record)
        guard numbers.count <= FoundHeaders.greatestFileCount else {
            return FoundVolume(
                record: record, reader: reader, files: [],
                oddity: "it has more than \(FoundHeaders.greatestFileCount) files")
        }
        let headers = try await FoundHeaders.read(numbers, reader)
        let stored = try await access.files(numbers, of: record)
        let files = zip(numbers, headers).compactMap { number, header -> File? in
            guard let header, let file = stored[number] else { return nil }
            return File(label: record.label, number: number, header: header, stored: file)
        }
        let odd = zip(numbers, headers).first { $0.1 == nil }?.0
        return FoundVolume(
            record: record, reader: reader, files: files,
            oddity: odd.map { "'\(reader.name(ofFile: $0))' is no header of a dump" })
    }
}

extension VolumeAccess {
    /// The numbers of a volume's files that have a header, ascending. Grows with the objects of the volume.
    func fileNumbers(of volume: VolumeRecord) async throws -> [UInt32] {
        guard let directory = volume.directory else {
            let keys = ObjectKeys(slotPrefix: volume.prefix)
            var numbers: [UInt32] = []
            try await bucket(of: volume).forEachPage(prefix: keys.files) { objects in
                for object in objects {
                    if case .header(let number) = keys.role(of: object.key) { numbers.append(number) }
                }
            }
            return numbers.sorted()
        }
        return try await runBlocking("volume", asking: [directory], .ofTree) {
            try DirectoryFiles(at: directory).entries().filter { !$0.isEmpty && $0.number > 0 }.map(\.number)
        }
    }
}

extension DumpPart {
    /// A file that was found in a store, and its length proved there.
    init(_ file: StoredFile, number: UInt32, on label: String) {
        self.init(
            label: label, fileNumber: Int(number), headerKey: file.header, byteCount: file.byteCount,
            proof: .length)
        guard let first = file.pieces.first, first.key != file.header else { return }
        if file.pieces.count == 1, !first.key.hasSuffix("-b0000000000000000.data") {
            dataKey = first.key
        } else {
            (blockCount, blockByteCount) = (file.pieces.count, first.byteCount)
        }
    }
}
