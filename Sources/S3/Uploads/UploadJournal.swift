// SPDX-License-Identifier: Apache-2.0

import BlockingWork
import Files
import Synchronization

/// The multipart uploads that this node has begun, or was about to begin, and not ended: only these may it ever abort.
///
/// Shape: a text file that only grows, one line an event, then bucket, key and a third field percent-encoded, separated by
/// blanks. `+` and `-`: an upload has begun or ended, the third field is its id. `?` and `!`: one may begin, or nothing of
/// that is left; the third field is the store's time before it was asked. Each line is on disk before the call returns. A
/// last line without its line end was torn by a crash and does not count. When nothing is pending the file begins anew.
public final class UploadJournal: Sendable {
    private let path: String
    private let entries: Mutex<[JournalEntry]>

    /// Opens the journal at `path`; an absent file is an empty one. Blocks for a moment.
    ///
    /// - Throws: `FilesError` if the file is there and cannot be read.
    public init(path: String) throws {
        self.path = path
        let entries = try Self.entries(at: path)
        try FileSystem.writeAtomically(path, Self.text(entries))
        self.entries = Mutex(entries)
    }

    /// Records that `upload` has begun. Before its first part is sent.
    public func add(_ upload: S3Upload) async throws {
        try await change { $0.append(JournalEntry(upload)) }
    }

    /// Records that `upload` has been completed or aborted.
    public func remove(_ upload: S3Upload) async throws {
        try await change { entries in entries.removeAll { $0 == JournalEntry(upload) } }
    }

    /// Records that an upload may begin. Before the store is asked.
    func add(_ intent: UploadIntent) async throws {
        try await change { $0.append(JournalEntry(intent)) }
    }

    /// Records that no upload of unknown id is left of `intent`, or none that can be found.
    public func remove(_ intent: UploadIntent) async throws {
        try await change { entries in entries.removeAll { $0 == JournalEntry(intent) } }
    }

    /// Records that `intent` has become `upload`.
    ///
    /// - Parameter isAlone: no attempt before may have begun another.
    func add(_ upload: S3Upload, for intent: UploadIntent, isAlone: Bool) async throws {
        try await change { entries in
            if isAlone { entries.removeAll { $0 == JournalEntry(intent) } }
            entries.append(JournalEntry(upload))
        }
    }

    /// Uploads begun and not ended, oldest first.
    public func pending() -> [S3Upload] {
        entries.withLock { $0.compactMap(\.upload) }
    }

    /// What may have become an upload whose id nobody knows, oldest first.
    public func intents() -> [UploadIntent] {
        entries.withLock { $0.compactMap(\.intent) }
    }

    /// What the journal at `path`, perhaps another's, says of uploads at `key`; it is not changed. Blocks for a moment.
    public static func claims(to key: String, in path: String) throws -> UploadClaims {
        let entries = try entries(at: path).filter { $0.key == key }
        return UploadClaims(
            ids: Set(entries.compactMap(\.upload?.id)), intents: entries.compactMap(\.intent))
    }

    private func change(_ edit: @escaping @Sendable (inout [JournalEntry]) -> Void) async throws {
        try await runBlocking("upload-journal") { [self] in
            try entries.withLock { entries in
                var changed = entries
                edit(&changed)
                if changed.isEmpty {
                    try FileSystem.writeAtomically(path, [])
                } else {
                    try FileSystem.append(path, Self.difference(entries, changed), synchronising: true)
                }
                entries = changed
            }
        }
    }

    private static func difference(_ old: [JournalEntry], _ new: [JournalEntry]) -> [UInt8] {
        let begun = new.filter { !old.contains($0) }.map { "\($0.kind.begun) \($0.fields)\n" }
        let ended = old.filter { !new.contains($0) }.map { "\($0.kind.ended) \($0.fields)\n" }
        return Array((begun + ended).joined().utf8)
    }

    private static func text(_ entries: [JournalEntry]) -> [UInt8] {
        Array(entries.map { "\($0.kind.begun) \($0.fields)\n" }.joined().utf8)
    }

    private static func entries(at path: String) throws -> [JournalEntry] {
        let bytes = try FileSystem.isPresent(path) ? FileSystem.readAll(path) : []
        guard let end = bytes.lastIndex(of: UInt8(ascii: "\n")) else { return [] }
        let lines = String(decoding: bytes[..<end], as: UTF8.self).split(separator: "\n")
        return lines.reduce(into: []) { entries, line in
            for kind in JournalEntry.Kind.allCases {
                guard let entry = JournalEntry(kind, parsing: line.dropFirst(2)) else { continue }
                if line.hasPrefix("\(kind.begun) ") { entries.append(entry) }
                if line.hasPrefix("\(kind.ended) ") { entries.removeAll { $0 == entry } }
            }
        }
    }
}

/// What the journal knows of an upload, or of the wish for one.
private struct JournalEntry: Equatable, Sendable {
    enum Kind: CaseIterable {
        case upload, intent

        var begun: Character { self == .upload ? "+" : "?" }
        var ended: Character { self == .upload ? "-" : "!" }
    }

    let kind: Kind
    let bucket: String
    let key: String
    /// The upload's id, or the intent's time.
    private let third: String

    init(_ upload: S3Upload) {
        (kind, bucket, key, third) = (.upload, upload.bucket, upload.key, upload.id)
    }

    init(_ intent: UploadIntent) {
        (kind, bucket, key, third) = (.intent, intent.bucket, intent.key, String(intent.since))
    }

    init?(_ kind: Kind, parsing text: Substring) {
        let fields = text.split(separator: " ").compactMap { PercentEncoding.decoded(String($0)) }
        let isTime = fields.count == 3 && Int64(fields[2]).map { (0...(1 << 40)).contains($0) } ?? false
        guard fields.count == 3, kind == .upload || isTime else { return nil }
        self.kind = kind
        (bucket, key, third) = (fields[0], fields[1], fields[2])
    }

    var fields: String { [bucket, key, third].map(PercentEncoding.encoded).joined(separator: " ") }

    var upload: S3Upload? { kind == .upload ? S3Upload(bucket: bucket, key: key, id: third) : nil }

    var intent: UploadIntent? {
        guard kind == .intent, let since = Int64(third) else { return nil }
        return UploadIntent(bucket: bucket, key: key, since: since)
    }
}
