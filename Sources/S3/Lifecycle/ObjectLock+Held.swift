// SPDX-License-Identifier: Apache-2.0

import Saturation
import Synchronization

extension ObjectLock {
    /// The object's text.
    struct Note: Sendable {
        var holder: String?
        var until: Int64
        /// What holders leave to each other.
        var text: String?

        init(holder: String, until: Int64, text: String?) {
            self.holder = holder
            self.until = until
            self.text = text
        }

        init(_ bytes: [UInt8]) {
            let lines = String(decoding: bytes, as: UTF8.self).split(separator: "\n").map(String.init)
            holder = lines.first
            until = lines.count > 1 ? Int64(lines[1]) ?? 0 : 0
            text = lines.count > 2 ? lines[2] : nil
        }

        var bytes: [UInt8] {
            Array("\(holder ?? "")\n\(until)\n\(text.map { "\($0)\n" } ?? "")".utf8)
        }

        /// Whether somebody keeps it. Nobody may until later than twice the lease, so whoever says so keeps nobody out.
        func isHeld(at now: Int64) -> Bool {
            until > now && until <= now.saturatingPlus(2 * ObjectLock.lease)
        }

        /// The same for whoever is next.
        var freed: Note { Note(holder: "free", until: 0, text: text) }
    }

    /// The lock while it is ours.
    final class Held: Sendable {
        private let client: S3Client
        private let key: String
        private let state: Mutex<(note: Note, version: S3ObjectVersion)>

        init(client: S3Client, key: String, _ note: Note, _ version: S3ObjectVersion) {
            self.client = client
            self.key = key
            state = Mutex((note, version))
        }

        /// What holders leave to each other.
        var note: String? { state.withLock { $0.note.text } }

        /// Here correctness hangs on the condition: two that rewrite a bucket's lifecycle at once lose each other's rules.
        func isProved() async throws -> Bool {
            let (note, version) = state.withLock { $0 }
            return try await client.proveConditions(key, version) { round in
                note.freed.bytes + Array(repeating: UInt8(ascii: "\n"), count: round)
            }
        }

        /// Leaves `text` to whoever is next, from now on.
        ///
        /// - Throws: `S3Error.preconditionFailed` if the lock is not ours any more.
        func keep(_ text: String?) async throws {
            let (note, version) = state.withLock { $0 }
            var next = note
            next.text = text
            let known = S3KnownObject(bytes: note.bytes, version: version)
            let written = try await client.replace(key, known, with: next.bytes)
            state.withLock { $0 = (next, written) }
        }

        /// In a task of its own: a cancelled task's requests are cancelled too. What fails here runs out by itself.
        func release() async {
            let (note, version) = state.withLock { $0 }
            await Task { [client, key] in
                let known = S3KnownObject(bytes: note.bytes, version: version)
                _ = try? await client.replace(key, known, with: note.freed.bytes)
            }.value
        }
    }
}
