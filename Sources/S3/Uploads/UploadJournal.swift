// SPDX-License-Identifier: Apache-2.0

import BlockingWork
import Files
import Synchronization

/// The multipart uploads that this node has begun and not ended: only these may it ever abort.
///
/// Shape: a text file that only grows, one line an event, `+` for begun and `-` for ended, then bucket, key and id
/// percent-encoded, separated by blanks. Each line is on disk before the call returns. A last line without its line
/// end was torn by a crash and does not count. When nothing is pending any more the file begins anew.
public final class UploadJournal: Sendable {
    private struct State {
        var pending: [JournalledUpload]
    }

    private let path: String
    private let state: Mutex<State>

    /// Opens the journal at `path`; an absent file is an empty one. Blocks for a moment.
    ///
    /// - Throws: `FilesError` if the file is there and cannot be read.
    public init(path: String) throws {
        self.path = path
        let bytes = try FileSystem.exists(path) ? FileSystem.readAll(path) : []
        let pending = Self.pending(Self.wholeLines(bytes))
        try FileSystem.writeAtomically(path, Self.text(pending))
        state = Mutex(State(pending: pending))
    }

    /// Records that `upload` has begun. Before its first part is sent.
    public func add(_ upload: S3Upload) async throws {
        try await change { pending in
            pending.append(JournalledUpload(upload))
        }
    }

    /// Records that `upload` has been completed or aborted.
    public func remove(_ upload: S3Upload) async throws {
        try await change { pending in
            pending.removeAll { $0 == JournalledUpload(upload) }
        }
    }

    /// Uploads begun and not ended, oldest first.
    public func pending() -> [S3Upload] {
        state.withLock { $0.pending.map(\.upload) }
    }

    private func change(_ edit: @escaping @Sendable (inout [JournalledUpload]) -> Void) async throws {
        try await runBlocking("upload-journal") { [self] in
            try state.withLock { state in
                var pending = state.pending
                edit(&pending)
                if pending.isEmpty {
                    try FileSystem.writeAtomically(path, [])
                } else {
                    try FileSystem.append(path, Self.difference(state.pending, pending), synchronising: true)
                }
                state.pending = pending
            }
        }
    }

    private static func difference(_ old: [JournalledUpload], _ new: [JournalledUpload]) -> [UInt8] {
        let begun = new.filter { !old.contains($0) }.map { "+ \($0.line)\n" }
        let ended = old.filter { !new.contains($0) }.map { "- \($0.line)\n" }
        return Array((begun + ended).joined().utf8)
    }

    private static func text(_ pending: [JournalledUpload]) -> [UInt8] {
        Array(pending.map { "+ \($0.line)\n" }.joined().utf8)
    }

    private static func wholeLines(_ bytes: [UInt8]) -> [Substring] {
        guard let end = bytes.lastIndex(of: UInt8(ascii: "\n")) else { return [] }
        return String(decoding: bytes[..<end], as: UTF8.self).split(separator: "\n").map { $0 }
    }

    private static func pending(_ lines: [Substring]) -> [JournalledUpload] {
        lines.reduce(into: []) { pending, line in
            guard let upload = JournalledUpload(parsing: line.dropFirst(2)) else { return }
            if line.hasPrefix("+ ") { pending.append(upload) }
            if line.hasPrefix("- ") { pending.removeAll { $0 == upload } }
        }
    }
}

/// What the journal knows of an upload.
private struct JournalledUpload: Equatable, Sendable {
    let bucket: String
    let key: String
    let id: String

    init(_ upload: S3Upload) {
        bucket = upload.bucket
        key = upload.key
        id = upload.id
    }

    init?(parsing line: Substring) {
        let fields = line.split(separator: " ").compactMap { PercentEncoding.decoded(String($0)) }
        guard fields.count == 3 else { return nil }
        (bucket, key, id) = (fields[0], fields[1], fields[2])
    }

    var line: String { [bucket, key, id].map(PercentEncoding.encoded).joined(separator: " ") }
    var upload: S3Upload { S3Upload(bucket: bucket, key: key, id: id) }
}
