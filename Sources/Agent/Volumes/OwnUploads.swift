// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import BlockingWork
import Files
import Logging
import S3

/// The multipart uploads of one attempt of one job, journalled in a file of its own under `<stateDirectory>/uploads`.
///
/// Only what stands in the journal is ever aborted, and nothing of another attempt can stand there.
struct OwnUploads: Sendable {
    private let directory: String
    private let path: String

    init(stateDirectory: String, request: JobRequest) {
        directory = "\(stateDirectory)/uploads"
        path = "\(directory)/\(request.id)-\(request.attempt).journal"
    }

    func openJournal() async throws -> UploadJournal {
        try await runBlocking("upload-journal") {
            try FileSystem.makeDirectories(directory, mode: 0o700)
            return try UploadJournal(path: path)
        }
    }

    /// What `journal` knows of by key only.
    func strays(in journal: UploadJournal, logger: Logger) -> StrayUploads {
        StrayUploads(journal: journal, directory: directory, logger: logger)
    }

    /// Aborts what is pending and removes the journal.
    ///
    /// - Parameter client: gives the client of the store that a key lies in.
    /// - Throws: where the store did not confirm an abort; the journal stays for the next try.
    func abortPending(
        logger: Logger, _ client: (_ key: String, _ bucket: String) throws -> S3Client
    ) async throws {
        let known = try await runBlocking("upload-journal") {
            try FileSystem.isPresent(path) ? UploadJournal(path: path) : nil
        }
        guard let journal = known else { return }
        for upload in journal.pending() {
            try await client(upload.key, upload.bucket).abortMultipartUpload(upload)
            try await journal.remove(upload)
        }
        for note in try await strays(in: journal, logger: logger).abort(client) {
            logger.warning("an upload may be open", metadata: ["reason": "\(note)"])
        }
        try await runBlocking("upload-journal") { try FileSystem.remove(path) }
    }
}
