// SPDX-License-Identifier: Apache-2.0

import BlockingWork
import Glibc
import Synchronization

/// Makes the names of temporary files of this process differ.
private let temporaryNumber = Atomic<Int>(0)

extension FileSystem {
    /// Writes the file so that a reader sees the old contents or the new, never a mixture, even after a crash.
    ///
    /// A temporary file in the same directory is written, given `mode` (exactly, whatever the umask),
    /// synchronised, renamed; then the directory is synchronised. A symbolic link of that name is replaced.
    ///
    /// - Parameters:
    ///   - user: with whose rights, and whose it becomes; nil: this process's.
    ///   - synchronising: false for what need not outlive a crash: nothing is synchronised then.
    public static func writeAtomically(
        _ path: String, _ bytes: [UInt8], mode: UInt32 = 0o600, by user: FileOwner? = nil,
        synchronising: Bool = true
    ) throws(FilesError) {
        try FileRights.acting(as: user, path) { () throws(FilesError) in
            try replace(path, bytes, mode: mode, synchronising: synchronising)
        }
    }

    private static func replace(
        _ path: String, _ bytes: [UInt8], mode: UInt32, synchronising: Bool
    ) throws(FilesError) {
        let temporary = temporaryName(of: path)
        do {
            try writeNew(temporary, bytes, mode: mode, synchronising: synchronising)
            try rename(temporary, to: path)
        } catch {
            try? remove(temporary)
            throw error
        }
        guard synchronising else { return }
        let directory = parentDirectory(of: path)
        try Descriptor(directory, O_RDONLY | O_DIRECTORY).synchronise(path: directory)
    }

    /// Whether a file could be written in a directory now: one is, with `byteCount` bytes, synchronised, and taken away again. What else
    /// tells that a quota is used up, or a file system has become read-only?
    ///
    /// It never has another name than one that `removeAbandoned(in:)` knows, so what a killed process leaves of it goes.
    public static func tryWriting(in directory: String, byteCount: Int = 4_096) throws(FilesError) {
        let path = temporaryName(of: "\(directory)/trial")
        do {
            try writeNew(path, [UInt8](repeating: 0x20, count: byteCount), mode: 0o600)
        } catch {
            if !error.isTaken { try? remove(path) }
            throw error
        }
        try remove(path)
    }

    /// `<path>.<process>-<number>.tmp`: `removeAbandoned` knows it again.
    static func temporaryName(of path: String) -> String {
        let number = temporaryNumber.add(1, ordering: .relaxed).oldValue
        return "\(path).\(getpid())-\(number).tmp"
    }

    static func writeNew(
        _ path: String, _ bytes: [UInt8], mode: UInt32, synchronising: Bool = true
    ) throws(FilesError) {
        let descriptor = try Descriptor(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, mode: 0o600)
        try descriptor.writeAll(bytes, path: path)
        try descriptor.setMode(mode, path: path)
        if synchronising { try descriptor.synchronise(path: path) }
    }

    /// A new, empty directory that only we can enter, under `parent` (default `$TMPDIR` or `/tmp`). The caller removes it.
    public static func makeTemporaryDirectory(
        named name: String = "amfleet", in parent: String? = nil
    ) throws(FilesError) -> String {
        BlockingThread.require("make temporary directory", name)
        let parent = parent ?? getenv("TMPDIR").map { String(cString: $0) } ?? "/tmp"
        var template = Array("\(parent)/\(name).XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else {
            throw FilesError("make temporary directory in", parent, errorNumber: errno)
        }
        return template.withUnsafeBufferPointer { buffer in
            buffer.baseAddress.map { String(cString: $0) } ?? parent
        }
    }
}
