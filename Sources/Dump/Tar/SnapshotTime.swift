// SPDX-License-Identifier: Apache-2.0

import AmandaFormat
import Files

/// The time in a snapshot of tar's: an increment on it holds what has changed since then, by this machine's clock at the change.
///
/// A clock that is set back between two dumps makes what changed in between look older than the first of them, and tar leaves it out
/// without a word. So the time is put back by as much as the clock is known to be wrong: what changed around it is then stored once more.
///
/// Shape: see `TarSnapshots.startedAt`.
struct SnapshotTime {
    private static let headByteCount = 128

    private let file: RandomAccessFile
    private let offset: Int
    private let digits: [UInt8]

    /// nil: it is no snapshot with a time. Blocks.
    private init?(_ path: String) throws(FilesError) {
        let file = try RandomAccessFile(openingForWriting: Array(path.utf8), by: nil)
        var head = [UInt8](repeating: 0, count: Self.headByteCount)
        var failure: FilesError?
        let count = head.withUnsafeMutableBytes { buffer -> Int in
            do throws(FilesError) { return try file.read(into: buffer, at: 0) } catch {
                failure = error
                return 0
            }
        }
        if let failure { throw failure }
        guard let line = head.prefix(count).firstIndex(of: 10),
            let end = head[line..<count].firstIndex(of: 0), end > line + 1
        else { return nil }
        self.file = file
        offset = line + 1
        digits = Array(head[(line + 1)..<end])
    }

    /// Blocks. Of what is no snapshot, such as the empty one of a full dump that is about to begin, nothing happens.
    static func putBack(_ path: String, seconds: Int64) throws(FilesError) {
        guard seconds > 0, let time = try SnapshotTime(path),
            let old = Int64(String(decoding: time.digits, as: UTF8.self))
        else { return }
        let text = String(max(0, old - seconds))
        // tar reads zeros before a number as nothing.
        let padded =
            [UInt8](repeating: 0x30, count: max(0, time.digits.count - text.utf8.count)) + Array(text.utf8)
        var failure: FilesError?
        padded.withUnsafeBytes { bytes in
            do throws(FilesError) { try time.file.write(bytes, at: Int64(time.offset)) } catch {
                failure = error
            }
        }
        if let failure { throw failure }
    }
}
