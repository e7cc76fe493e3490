// SPDX-License-Identifier: Apache-2.0

public import AmandaFormat
public import BlockingWork

/// Where the numbered files of dumps go: a volume, or what stands in for one. Dumps that run at the same time share it.
///
/// File numbers stay gapless although dumps run side by side: whoever needs a file takes the next number, and a header
/// marked `PARTIAL=YES` lies under it before the next one is given out. Amanda's readers never skip a hole.
public protocol DumpTarget: Sendable {
    /// How data are cut, and how many pieces are sent at the same time.
    var layout: StoragePlan { get }

    /// Opens the next file for a dump, whose header this is: its part number is set, its checksums are not known.
    ///
    /// The number is taken when this returns, and may be taken when it throws.
    ///
    /// - Parameter room: bytes of data that will surely come; they are claimed already when this returns.
    func open(_ header: DumpHeader, room: Int) async throws -> any DumpFile
}

/// One numbered file that is being written: pieces in any order, then its end, then the header that makes it count.
public protocol DumpFile: Sendable {
    /// Makes it ready for its pieces. Called once, before the first; a file in which nothing is to be prepared does nothing.
    func begin() async throws

    /// Sets bytes of data aside, before they come.
    ///
    /// - Returns: why there is no room for them, and the file must end; nil: there is.
    func claim(_ byteCount: Int) async -> VolumeError?

    /// Stores one piece, numbered from 1; the block is the caller's again afterwards.
    func send(piece: Int, _ block: ByteBlock) async throws

    /// Every piece has been sent: the file is completed, and proved. Called once.
    func finish() async throws -> DumpPart

    /// Replaces the header.
    func writeHeader(_ header: DumpHeader) async throws

    /// Gives up what is not completed. Harmless otherwise.
    ///
    /// - Returns: what could not be done, for a note.
    func abort() async -> String?
}

extension DumpFile {
    /// For one that has room promised otherwise.
    func claim(_ byteCount: Int) async -> VolumeError? { nil }

    /// For one that is ready when it is opened.
    func begin() async throws {}

    /// The file, ready for its pieces.
    ///
    /// - Throws: what `begin` throws; the file is given up then.
    func begun() async throws -> any DumpFile {
        do {
            try await begin()
            return self
        } catch {
            _ = await abort()
            throw error
        }
    }
}
