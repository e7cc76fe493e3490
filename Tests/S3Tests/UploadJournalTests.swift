// SPDX-License-Identifier: Apache-2.0

import Files
import TestSupport
import Testing

@testable import S3

@Suite struct UploadJournalTests {
    private let directory: TemporaryDirectory
    private var path: String { directory.path("uploads") }
    private let first = S3Upload(bucket: "b", key: "node01/a b\n%é", id: "id 1")
    private let second = S3Upload(bucket: "b", key: "node01/c", id: "id-2")

    init() throws {
        directory = try TemporaryDirectory()
    }

    @Test func `what is pending survives a restart`() async throws {
        let journal = try UploadJournal(path: path)
        try await journal.add(first)
        try await journal.add(second)
        try await journal.remove(first)
        #expect(journal.pending() == [second])
        #expect(try UploadJournal(path: path).pending() == [second])
        #expect(try FileSystem.status(path)?.mode == 0o600)
    }

    @Test func `keys with any character come back`() async throws {
        try await UploadJournal(path: path).add(first)
        #expect(try UploadJournal(path: path).pending() == [first])
    }

    @Test func `a line that a crash tore does not count, whatever its length`() async throws {
        try await UploadJournal(path: path).add(second)
        let whole = try FileSystem.readAll(path)
        try await UploadJournal(path: path).add(first)
        let longer = try FileSystem.readAll(path)
        for count in whole.count..<longer.count {
            try FileSystem.writeAtomically(path, Array(longer.prefix(count)))
            #expect(try UploadJournal(path: path).pending() == [second])
        }
    }

    @Test func `a torn line does not spoil the next one`() async throws {
        try FileSystem.writeAtomically(path, Array("+ b node01%2Fc id-2\n+ b node".utf8))
        let journal = try UploadJournal(path: path)
        try await journal.add(first)
        #expect(try UploadJournal(path: path).pending() == [second, first])
    }

    @Test func `what may have begun survives a restart, and goes once it is known to be one upload`()
        async throws
    {
        let journal = try UploadJournal(path: path)
        let intents = [first, second].map { UploadIntent(bucket: "b", key: $0.key, since: 1_700_000_000) }
        for intent in intents { try await journal.add(intent) }
        #expect(try UploadJournal(path: path).intents() == intents)
        try await journal.add(first, for: intents[0], isAlone: true)
        try await journal.add(second, for: intents[1], isAlone: false)
        let again = try UploadJournal(path: path)
        #expect(again.intents() == [intents[1]])
        #expect(again.pending() == [first, second])
        try await again.remove(intents[1])
        #expect(try UploadJournal(path: path).intents().isEmpty)
    }

    @Test func `the file begins anew when nothing is pending`() async throws {
        let journal = try UploadJournal(path: path)
        try await journal.add(first)
        try await journal.remove(first)
        #expect(try FileSystem.readAll(path).isEmpty)
    }

    @Test func `many at a time are all recorded`() async throws {
        let journal = try UploadJournal(path: path)
        let uploads = (0..<30).map { S3Upload(bucket: "b", key: "k\($0)", id: "\($0)") }
        try await withThrowingTaskGroup(of: Void.self) { group in
            for upload in uploads { group.addTask { try await journal.add(upload) } }
            try await group.waitForAll()
        }
        #expect(Set(try UploadJournal(path: path).pending()) == Set(uploads))
    }
}
