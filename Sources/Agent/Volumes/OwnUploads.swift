// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import BlockingWork
import Files
import S3

/// The multipart uploads of one attempt of one job, journalled in a file of its own under `<stateDirectory>/uploads`.
///
/// Only what stands in the journal is ever aborted, and nothing of another attempt can stand there.
struct OwnUploads: Sendable {
    private let path: String

    init(stateDirectory: String, request: JobRequest) {
        path = "\(stateDirectory)/uploads/\(request.id)-\(request.attempt).journal"
    }

    func openJournal() async throws -> UploadJournal {
        try await runBlocking("upload-journal") {
            try FileSystem.makeDirectories(FileSystem.parentDirectory(of: path), mode: 0o700)
            return try UploadJournal(path: path)
        }
    }

    /// Aborts what is pending and removes the journal.
    ///
    /// - Parameter client: gives the client of the upload's store.
    /// - Throws: where the store did not confirm an abort; the journal stays for the next try.
    func abortPending(_ client: (_ upload: S3Upload) throws -> S3Client) async throws {
        let known = try await runBlocking("upload-journal") {
            try FileSystem.exists(path) ? UploadJournal(path: path) : nil
        }
        guard let journal = known else { return }
        for upload in journal.pending() {
            try await client(upload).abortMultipartUpload(upload)
            try await journal.remove(upload)
        }
        try await runBlocking("upload-journal") { try FileSystem.remove(path) }
    }
}
