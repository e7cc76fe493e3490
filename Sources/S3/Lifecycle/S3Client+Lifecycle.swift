// SPDX-License-Identifier: Apache-2.0

import Digest
import HTTPTransport
import XML

/// A bucket's lifecycle configuration as it was read, with what has to go back along with it.
struct StoredLifecycle: Equatable {
    var document: LifecycleDocument
    /// A setting of the configuration that travels as a header; one that is not sent back is reset.
    var minimumObjectSize: String?
}

extension S3Client {
    private static let minimumObjectSize = "x-amz-transition-default-minimum-object-size"

    /// - Returns: an empty document only where the store definitely has none (`NoSuchLifecycleConfiguration`).
    func lifecycle() async throws -> StoredLifecycle {
        let request = S3Request(
            action: "GetBucketLifecycleConfiguration", method: "GET", query: [("lifecycle", "")])
        do {
            // What came changed would be written back changed.
            return try await performUntilAgreed(request) { response throws(AttemptFault) in
                StoredLifecycle(
                    document: try Self.document(response),
                    minimumObjectSize: response.header(Self.minimumObjectSize))
            }
        } catch S3Error.refused(_, 404, "NoSuchLifecycleConfiguration") {
            return StoredLifecycle(document: LifecycleDocument())
        }
    }

    private static func document(_ response: HTTPResponse) throws(AttemptFault) -> LifecycleDocument {
        do {
            return try LifecycleDocument(parsing: response.body)
        } catch {
            throw .foreign(response, reason: error.description)
        }
    }

    /// Replaces the whole configuration. One without a rule cannot be written, it is deleted.
    func setLifecycle(_ lifecycle: StoredLifecycle) async throws {
        guard !lifecycle.document.rules.isEmpty else {
            _ = try await perform(
                S3Request(action: "DeleteBucketLifecycle", method: "DELETE", query: [("lifecycle", "")]))
            return
        }
        let bytes = lifecycle.document.bytes
        var headers = [
            ("content-type", "application/xml"), ("content-md5", MD5.digest(bytes).base64),
            ("x-amz-checksum-crc32c", UploadChecksum(of: .bytes(bytes)).crc32c.checksumText),
        ]
        if let size = lifecycle.minimumObjectSize { headers.append((Self.minimumObjectSize, size)) }
        _ = try await perform(
            S3Request(
                action: "PutBucketLifecycleConfiguration", method: "PUT", query: [("lifecycle", "")],
                headers: headers, body: .bytes(bytes)))
    }
}
