// SPDX-License-Identifier: Apache-2.0

public import AmandaFormat
public import BlockingWork
public import Volumes

/// What lies between a volume and here.
public enum VolumeWay: Sendable {
    /// Nothing: it is a file.
    case here
    /// A network, with TLS over it.
    case encrypted
    /// A network that may change what it carries.
    case open
}

/// A volume that dumps are read from, in a bucket or in a directory.
public protocol VolumeReader: Sendable {
    /// What may have changed its bytes before they are read here.
    var way: VolumeWay { get }

    /// A file's key or path, for messages.
    func name(ofFile number: UInt32) -> String

    /// The header of a file.
    ///
    /// - Throws: `RestoreError.missing` where there definitely is none, `badHeader` if it is none.
    func header(ofFile number: UInt32) async throws -> DumpHeader

    /// What is left of files, in the order of the numbers. That one is not there is an answer.
    func files(_ numbers: [UInt32]) async throws -> [FoundFile]

    /// Fills the block with those bytes of a piece of a file's data.
    ///
    /// - Parameter onNewConnection: it is not the first time, and over the same way they might come the same.
    /// - Throws: where there are fewer.
    func read(
        _ piece: StoredFile.Piece, _ bytes: Range<Int64>, into block: ByteBlock, onNewConnection: Bool
    ) async throws
}

extension VolumeReader {
    public var way: VolumeWay { .here }

    /// A header's bytes as a header.
    func parsed(_ bytes: [UInt8], ofFile number: UInt32) throws -> DumpHeader {
        do {
            return try DumpHeader(parsing: bytes)
        } catch {
            throw RestoreError.badHeader(key: name(ofFile: number), reason: "\(error)")
        }
    }
}
