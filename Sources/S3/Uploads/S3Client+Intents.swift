// SPDX-License-Identifier: Apache-2.0

import HTTPTransport
import Logging

extension S3Client {
    /// Begins a multipart upload; `journal` has it before its first part can be sent.
    ///
    /// The intent is in the journal before the store is asked. It stays there where an attempt got no answer that counts: such an attempt may
    /// have begun an upload that nobody knows. `strayUploads` finds it.
    public func beginUpload(_ key: String, in journal: UploadJournal) async throws -> S3Upload {
        let intent = UploadIntent(bucket: location.bucket, key: key, since: storeTime)
        try await journal.add(intent)
        var schedule = RetrySchedule(policy: retry)
        do {
            let upload = try await createMultipartUpload(key, &schedule)
            try await journal.add(upload, for: intent, isAlone: !schedule.hasUncertainAttempt)
            return upload
        } catch let error as S3Error where !schedule.hasUncertainAttempt {
            try await journal.remove(intent)
            throw error
        }
    }

    /// Uploads that are open at exactly the key of `intent`, began since, and are nobody's. Costs a listing of that key's uploads.
    ///
    /// - Parameter claims: what all journals of this node say of the key; asked after the store, so that whatever the store
    ///   has listed was written down before.
    public func strayUploads(
        of intent: UploadIntent, _ claims: () async throws -> [UploadClaims]
    ) async throws -> [S3Upload] {
        let listed = try await openUploads(under: intent.key).filter(intent.covers)
        if listed.isEmpty { return [] }
        let claims = try await claims()
        return listed.filter { upload in !claims.contains { $0.keep(upload, from: intent) } }.map {
            S3Upload(bucket: location.bucket, key: $0.key, id: $0.id)
        }
    }

    /// Uploads whose key begins with `prefix`, page by page.
    func openUploads(under prefix: String, pageSize: Int = 1000) async throws -> [ListedUpload] {
        var uploads: [ListedUpload] = []
        var markers: [UploadListingPage.Marker] = []
        repeat {
            let page = try await uploadPage(prefix: prefix, size: pageSize, after: markers)
            uploads += page.uploads
            guard uploads.count <= Self.uploadLimit, markers.count <= Self.uploadLimit / 1000 else {
                let request = S3Request(action: "ListMultipartUploads", method: "GET")
                throw S3Error.tooMany(call(request), prefix: prefix, limit: Self.uploadLimit)
            }
            guard let next = page.next else { return uploads }
            markers.append(next)
        } while true
    }

    /// Uploads under one prefix that one answer holds: foreign ones, however many, end nothing.
    private static let uploadLimit = 100_000

    private func uploadPage(
        prefix: String, size: Int, after markers: [UploadListingPage.Marker]
    ) async throws -> UploadListingPage {
        var request = S3Request(action: "ListMultipartUploads", method: "GET")
        request.query = [
            ("encoding-type", "url"), ("max-uploads", String(size)), ("prefix", prefix), ("uploads", ""),
        ]
        if let marker = markers.last {
            request.query += [("key-marker", marker.key), ("upload-id-marker", marker.id)]
        }
        return try await perform(request) { response throws(AttemptFault) in
            let page = try UploadListingPage(response)
            guard page.next.map({ !markers.contains($0) }) ?? true else {
                throw .malformed(
                    reason: "the listing does not go on", requestID: response.header("x-amz-request-id"))
            }
            return page
        }
    }
}
