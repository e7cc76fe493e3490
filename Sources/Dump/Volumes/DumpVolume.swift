// SPDX-License-Identifier: Apache-2.0

public import AmandaFormat

/// One volume that takes the files of dumps until it is full.
public protocol DumpVolume: DumpTarget {
    /// As logs and records name it.
    var label: String { get }
    /// What it takes.
    var room: VolumeRoom { get }
    /// The number that the next file gets; 1: nothing but the label lies there.
    var nextFileNumber: UInt32 { get }

    /// Opens the next file for a dump, if there is room for its header and `room` bytes of data, which are claimed then.
    ///
    /// - Returns: a file that has not begun; nil where the volume is too full, and nothing is taken then.
    func openIfRoom(_ header: DumpHeader, room: Int) async throws -> (any DumpFile)?
}

extension DumpVolume {
    /// For one who has no other volume.
    public func open(_ header: DumpHeader, room byteCount: Int) async throws -> any DumpFile {
        if let file = try await openIfRoom(header, room: byteCount) { return try await file.begun() }
        throw VolumeError.tooSmall(label: label, needed: Int64(byteCount), room: room.summary)
    }
}
