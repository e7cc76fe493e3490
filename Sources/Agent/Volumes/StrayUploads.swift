// SPDX-License-Identifier: Apache-2.0

import BlockingWork
import Files
import Logging
import S3

/// Uploads that the store began for this job without our learning their ids: found by listing their keys, and aborted.
struct StrayUploads: Sendable {
    /// Of this job's attempt.
    let journal: UploadJournal
    /// Where the journals lie, this one too: an older attempt may be cleaned up while a newer one uploads to the same key.
    let directory: String
    let logger: Logger

    /// A store that does not let us list uploads is no failure: then nothing can be found, now or later.
    ///
    /// - Parameter client: gives the client of the store that a key lies in.
    /// - Returns: what an operator has to know.
    /// - Throws: what the next try may overcome; its intents stay in the journal.
    func abort(
        _ client: (_ key: String, _ bucket: String) throws -> S3Client
    ) async throws -> [String] {
        var notes: [String] = []
        for intent in journal.intents() {
            let client = try client(intent.key, intent.bucket)
            do {
                for upload in try await strays(of: intent, client) {
                    try await client.abortMultipartUpload(upload)
                    logger.notice(
                        "an upload that nobody knew is aborted", metadata: ["key": "\(upload.key)"])
                }
            } catch let error as S3Error where error.isRefusedListing {
                notes.append(
                    "whether an upload of '\(intent.key)' stayed open cannot be looked up, a lifecycle rule has to abort it: \(error.headline)"
                )
            }
            try await journal.remove(intent)
        }
        return notes
    }

    private func strays(of intent: UploadIntent, _ client: S3Client) async throws -> [S3Upload] {
        try await client.strayUploads(of: intent) {
            try await runBlocking("upload-journal") { [directory] in
                try FileSystem.list(directory).map {
                    try UploadJournal.claims(to: intent.key, in: "\(directory)/\($0)")
                }
            }
        }
    }
}

extension S3Error {
    /// The store, or its permissions, do not let us list uploads.
    fileprivate var isRefusedListing: Bool {
        switch self {
        case .accessDenied(let call), .refused(let call, _, _), .malformedAnswer(let call, _),
            .notFound(let call):
            call.action == "ListMultipartUploads"
        default: false
        }
    }
}
