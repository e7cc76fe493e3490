// SPDX-License-Identifier: Apache-2.0

public import BlockingWork
import Digest
import HTTPTransport
import Logging
import XML

extension S3Client {
    /// Begins a multipart upload. Where it has to be found again whatever happens: `beginUpload`.
    public func createMultipartUpload(_ key: String) async throws -> S3Upload {
        var schedule = RetrySchedule(policy: retry)
        return try await createMultipartUpload(key, &schedule)
    }

    /// Sent by libcurl a second time, it would begin two uploads and tell of one.
    func createMultipartUpload(_ key: String, _ schedule: inout RetrySchedule) async throws -> S3Upload {
        let request = S3Request(
            action: "CreateMultipartUpload", method: "POST", key: key, query: [("uploads", "")],
            headers: [("x-amz-checksum-algorithm", "CRC32C"), ("x-amz-checksum-type", "FULL_OBJECT")]
                + keeping.headers(isBulk: true),
            isSentOnce: true)
        let bucket = location.bucket
        let upload = try await repeated(request, &schedule) { schedule in
            let response = try await attempt(request, schedule)
            guard let id = try response.xml("InitiateMultipartUpload")["UploadId"], !id.isEmpty else {
                throw AttemptFault.malformed(
                    reason: "no UploadId", requestID: response.header("x-amz-request-id"))
            }
            return S3Upload(
                bucket: bucket, key: key, id: id,
                hasFullObjectChecksum: response.header("x-amz-checksum-type") == "FULL_OBJECT")
        }
        logger.debug("multipart upload begun", metadata: upload.metadata)
        return upload
    }

    /// Sends one part. The block is borrowed until this returns or throws.
    ///
    /// The part carries its CRC-32C; a part that arrived changed is sent again, three times at most.
    ///
    /// - Parameter number: 1 to 10,000.
    public func uploadPart(_ upload: S3Upload, number: Int, _ block: ByteBlock) async throws -> S3Part {
        precondition((1...10_000).contains(number))
        let request = S3Request(
            action: "UploadPart", method: "PUT", key: upload.key, part: number,
            query: [("partNumber", String(number)), ("uploadId", upload.id)], body: .block(block))
        let checksum = UploadChecksum(of: .block(block))
        var schedule = RetrySchedule(policy: retry)
        let (response, isChecksummed) = try await self.upload(request, checksum, &schedule)
        guard let etag = response.entityTag else {
            throw S3Error.malformedAnswer(call(request), reason: "a part without an entity tag")
        }
        return S3Part(
            number: number, etag: etag, byteCount: block.count, crc32c: checksum.crc32c,
            isChecksummedByStore: isChecksummed)
    }

    /// Gives an upload up so that its parts cost nothing more. That it is gone already is fine.
    ///
    /// A part that arrives while an upload is aborted may stay: so the parts are listed, and the abort repeated.
    /// Source: "AbortMultipartUpload" in the S3 API reference.
    public func abortMultipartUpload(_ upload: S3Upload) async throws {
        for _ in 0..<3 {
            do {
                _ = try await perform(
                    S3Request(
                        action: "AbortMultipartUpload", method: "DELETE", key: upload.key,
                        query: [("uploadId", upload.id)]))
                if try await hasParts(upload) { continue }
            } catch S3Error.noSuchUpload {}
            logger.debug("multipart upload aborted", metadata: upload.metadata)
            return
        }
    }

    /// - Throws: `S3Error.noSuchUpload` if the upload is gone.
    private func hasParts(_ upload: S3Upload) async throws -> Bool {
        let request = S3Request(
            action: "ListParts", method: "GET", key: upload.key,
            query: [("max-parts", "1"), ("uploadId", upload.id)])
        do {
            return try await perform(request) { response throws(AttemptFault) in
                !(try response.xml("ListPartsResult")).all("Part").isEmpty
            }
        } catch let error as S3Error where error.isDenial {
            // The abort itself succeeded; looking afterwards is a permission that not everyone has.
            logger.notice(
                "parts that an aborted upload may have left cannot be looked for",
                metadata: upload.metadata.merging(["reason": "\(error)"]) { $1 })
            return false
        }
    }
}
