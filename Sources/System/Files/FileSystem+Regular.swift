// SPDX-License-Identifier: Apache-2.0

import Glibc

extension FileSystem {
    /// A regular file's bytes, and what it was while they were read; nothing else is opened for longer than a look at it.
    ///
    /// - Parameters:
    ///   - limit: bytes at most; nothing is read of a longer file.
    ///   - user: with whose rights it is opened, and links on the way followed; nil: this process's.
    public static func readRegular(
        _ path: String, limit: Int, by user: FileOwner? = nil
    ) throws(FilesError) -> (bytes: [UInt8], status: FileStatus) {
        let descriptor = try FileRights.acting(as: user, path) { () throws(FilesError) in
            try Descriptor(path, O_RDONLY)
        }
        return try descriptor.regularContents(path, limit: limit)
    }

    /// What an operator names where a program is called: a regular file, or a pipe, as a shell has it for `<(…)` and `/dev/stdin`.
    ///
    /// - Parameters:
    ///   - limit: bytes at most.
    ///   - patience: how long a pipe's other end may take, for all of it.
    public static func readGiven(
        _ path: String, limit: Int, patience: Duration = .seconds(60)
    ) throws(FilesError) -> [UInt8] {
        let descriptor = try Descriptor(path, O_RDONLY, .fileOrPipe)
        return try descriptor.contents(path, limit: limit, waitingForPipe: patience)
    }
}

extension Descriptor {
    /// All of it, if it is a regular file of at most that many bytes.
    func regularContents(
        _ path: String, limit: Int
    ) throws(FilesError) -> (bytes: [UInt8], status: FileStatus) {
        var raw = stat()
        guard fstat(number, &raw) == 0 else { throw FilesError("stat", path, errorNumber: errno) }
        let status = FileStatus(raw)
        guard status.kind == .regular else { throw FilesError("read", path, reason: "it is no regular file") }
        guard status.byteCount <= Int64(limit) else {
            throw FilesError(
                "read", path, reason: "it has \(status.byteCount) bytes, more than \(limit)")
        }
        return (try contents(path, limit: limit), status)
    }

    /// From where it stands to the end, at most `limit` bytes.
    ///
    /// - Parameter patience: for a pipe; nil: it is none.
    func contents(
        _ path: String, limit: Int, waitingForPipe patience: Duration? = nil
    ) throws(FilesError) -> [UInt8] {
        let deadline = ContinuousClock.now + (patience ?? .zero)
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while true {
            if patience != nil { try waitForBytes(path, until: deadline) }
            let count = buffer.withUnsafeMutableBytes { Glibc.read(number, $0.baseAddress, $0.count) }
            if count < 0 {
                if errno == EINTR || (errno == EAGAIN && patience != nil) { continue }
                throw FilesError("read", path, errorNumber: errno)
            }
            if count == 0 { return bytes }
            bytes.append(contentsOf: buffer.prefix(count))
            guard bytes.count <= limit else {
                throw FilesError("read", path, reason: "longer than \(limit) bytes")
            }
        }
    }

    /// A pipe that nobody has opened yet at its other end is no pipe at its end; a regular file never waits.
    private func waitForBytes(_ path: String, until deadline: ContinuousClock.Instant) throws(FilesError) {
        while true {
            var waiting = pollfd(fd: number, events: Int16(POLLIN), revents: 0)
            if poll(&waiting, 1, 200) > 0 { return }
            guard ContinuousClock.now < deadline else {
                throw FilesError("read", path, reason: "it is a pipe, and nothing more comes out of it")
            }
        }
    }
}
