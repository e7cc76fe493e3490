// SPDX-License-Identifier: Apache-2.0

import Digest
import HTTPTransport
import Logging
import XML

extension S3Client {
    /// Puts the parts together and proves that the object is there.
    ///
    /// The answer is read for an `<Error>` even under status 200; then HEAD must give the length of all parts
    /// together, and the CRC-32C over all bytes where the store keeps one. When an answer was lost, HEAD decides
    /// whether to ask again; and `NoSuchUpload` to a repeated request is judged by HEAD too: the first may have done it.
    ///
    /// - Parameter parts: all of them, in any order.
    /// - Throws: `S3Error.completionFailed` if the object does not prove itself.
    @discardableResult
    public func completeMultipartUpload(_ upload: S3Upload, parts: [S3Part]) async throws -> S3Proof {
        let completion = Completion(upload: upload, parts: parts)
        let request = completion.request(stall: limits.completionStall)
        let call = call(request)
        var schedule = RetrySchedule(policy: retry)
        let begun = ContinuousClock.now
        let proof = try await repeated(request, &schedule) { schedule in
            do {
                let response = try await attempt(request, schedule)
                let etag = try completion.entityTag(response)
                return try completion.proof(try await head(upload.key), etag: etag, since: begun, call: call)
            } catch let fault as AttemptFault {
                guard completion.mayHaveTakenEffect(fault, schedule),
                    let proof = completion.proof(try await head(upload.key), since: begun)
                else { throw fault }
                return proof
            }
        }
        logger.debug(
            "multipart upload completed",
            metadata: upload.metadata.merging([
                "parts": "\(parts.count)", "bytes": "\(proof.byteCount)", "proof": "\(proof.strength)",
            ]) { $1 })
        return proof
    }
}

/// The completion of one upload: the request, and the judgement of what came of it.
struct Completion {
    private let upload: S3Upload
    private let parts: [S3Part]
    private let byteCount: Int64
    private let crc32c: UInt32

    init(upload: S3Upload, parts: [S3Part]) {
        self.upload = upload
        self.parts = parts.sorted { $0.number < $1.number }
        byteCount = parts.reduce(0) { $0 + Int64($1.byteCount) }
        crc32c = self.parts.reduce(0) {
            CRC32C.combined($0, $1.crc32c, secondByteCount: Int64($1.byteCount))
        }
    }

    func request(stall: Duration) -> S3Request {
        var request = S3Request(
            action: "CompleteMultipartUpload", method: "POST", key: upload.key,
            query: [("uploadId", upload.id)],
            headers: [("content-type", "application/xml")], body: .bytes(Array(body.utf8)), stall: stall,
            isSentOnce: true)
        if upload.hasFullObjectChecksum {
            request.headers += [
                ("x-amz-checksum-crc32c", crc32c.checksumText), ("x-amz-checksum-type", "FULL_OBJECT"),
            ]
        }
        return request
    }

    /// Entity tags and checksums hold no character that XML would have to escape, other than the quotes.
    private var body: String {
        let list = parts.map { part in
            let checksum =
                part.isChecksummedByStore
                ? "<ChecksumCRC32C>\(part.crc32c.checksumText)</ChecksumCRC32C>" : ""
            return
                "<Part><PartNumber>\(part.number)</PartNumber><ETag>&quot;\(part.etag)&quot;</ETag>\(checksum)</Part>"
        }
        return "<CompleteMultipartUpload xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">\(list.joined())"
            + "</CompleteMultipartUpload>"
    }

    func entityTag(_ response: HTTPResponse) throws(AttemptFault) -> String {
        unquoted(try response.xml("CompleteMultipartUpload")["ETag"] ?? "")
    }

    /// The proof after a success.
    ///
    /// The entity tag that the store gave must be the object's; where it is not (`rclone serve s3` gives one and
    /// keeps another), checksum or time must show that the object is this upload's.
    func proof(
        _ info: S3ObjectInfo?, etag: String, since begun: ContinuousClock.Instant, call: S3Call
    ) throws -> S3Proof {
        guard let info else {
            throw S3Error.completionFailed(
                call, reason: "the store reported success, but there is no such object")
        }
        guard info.byteCount == byteCount else {
            throw S3Error.completionFailed(
                call, reason: "it has \(info.byteCount) bytes instead of \(byteCount)")
        }
        if let stored = info.crc32c, stored != crc32c {
            throw S3Error.completionFailed(
                call, reason: "its CRC-32C is \(stored.checksumText) instead of \(crc32c.checksumText)")
        }
        guard info.etag == etag || proof(info, since: begun) != nil else {
            throw S3Error.completionFailed(
                call, reason: "another object is there: entity tag \(info.etag) instead of \(etag)")
        }
        return proof(info)
    }

    /// Whether a failed request may have completed the upload all the same.
    func mayHaveTakenEffect(_ fault: AttemptFault, _ schedule: RetrySchedule) -> Bool {
        if case .service(let service) = fault, service.code == "NoSuchUpload" {
            return schedule.hasUncertainAttempt
        }
        return fault.retryClass == .transient
    }

    /// The proof after a lost answer: nil if the object there is not certainly this upload's.
    ///
    /// An older object of the same key may have the same length. So either the checksum over all bytes must agree,
    /// or, by the store's own clock, the object must have been written since we first asked.
    func proof(_ info: S3ObjectInfo?, since begun: ContinuousClock.Instant) -> S3Proof? {
        guard let info, info.byteCount == byteCount else { return nil }
        if let stored = info.crc32c { return stored == crc32c ? proof(info) : nil }
        guard let date = info.date, let lastModified = info.lastModified else { return nil }
        let age = Duration.seconds(date - lastModified)
        return age <= ContinuousClock.now - begun + .seconds(1) ? proof(info) : nil
    }

    private func proof(_ info: S3ObjectInfo) -> S3Proof {
        S3Proof(
            strength: info.crc32c == nil ? .lengthOnly : .fullObjectChecksum, etag: info.etag,
            byteCount: byteCount,
            crc32c: crc32c)
    }
}
