// SPDX-License-Identifier: Apache-2.0

import CivilCalendar
import HTTPTransport
import XML

extension S3Client {
    /// Everything whose key begins with `prefix`, page by page.
    ///
    /// - Parameters:
    ///   - delimiter: keys that have it after the prefix are summed up in `commonPrefixes`.
    ///   - limit: stop after that many objects and prefixes; nil: all.
    ///   - pageSize: keys a request, at most S3's 1,000.
    public func list(
        prefix: String, delimiter: String? = nil, limit: Int? = nil, pageSize: Int = 1000
    ) async throws -> S3Listing {
        var listing = S3Listing()
        var continuation: String?
        while true {
            let left = limit.map { $0 - listing.count } ?? pageSize
            let page = try await page(
                prefix: prefix, delimiter: delimiter, size: min(left, pageSize), continuation: continuation)
            listing.objects += page.objects
            listing.commonPrefixes += page.commonPrefixes
            guard let next = page.continuation else { return listing }
            if let limit, listing.count >= limit {
                listing.isComplete = false
                return listing
            }
            continuation = next
        }
    }

    /// The same for listings of any length: one page in memory at a time. What `body` deletes is not missed.
    public func forEachPage(
        prefix: String, _ body: (_ objects: [S3ListedObject]) async throws -> Void
    ) async throws {
        var continuation: String?
        repeat {
            let page = try await page(prefix: prefix, delimiter: nil, size: 1000, continuation: continuation)
            try await body(page.objects)
            continuation = page.continuation
        } while continuation != nil
    }

    private func page(
        prefix: String, delimiter: String?, size: Int, continuation: String?
    ) async throws -> ListingPage {
        var request = S3Request(action: "ListObjectsV2", method: "GET")
        request.query = [
            ("list-type", "2"), ("encoding-type", "url"), ("max-keys", String(size)), ("prefix", prefix),
        ]
        if let delimiter { request.query.append(("delimiter", delimiter)) }
        if let continuation { request.query.append(("continuation-token", continuation)) }
        return try await performUntilAgreed(request) { response throws(AttemptFault) in
            let page = try ListingPage(response)
            guard page.continuation == nil || page.continuation != continuation else {
                throw .malformed(
                    reason: "the listing does not go on", requestID: response.header("x-amz-request-id"))
            }
            return page
        }
    }
}

extension S3Listing {
    fileprivate var count: Int { objects.count + commonPrefixes.count }
}

/// One answer to ListObjectsV2. No store gives a checksum of it: over plain http it counts when it has come twice.
struct ListingPage: Equatable {
    private(set) var objects: [S3ListedObject] = []
    private(set) var commonPrefixes: [String] = []
    /// What to ask the next page with; nil: this was the last.
    let continuation: String?

    /// Where it goes on may be said in other words each time.
    static func == (one: ListingPage, other: ListingPage) -> Bool {
        one.objects == other.objects && one.commonPrefixes == other.commonPrefixes
            && (one.continuation == nil) == (other.continuation == nil)
    }

    init(_ response: HTTPResponse) throws(AttemptFault) {
        let tree = try response.xml("ListBucketResult")
        let fault = { (reason: String) in
            AttemptFault.malformed(reason: reason, requestID: response.header("x-amz-request-id"))
        }
        let isEncoded = tree["EncodingType"] == "url"
        let decoded = { (text: String) in isEncoded ? PercentEncoding.decoded(text) : text }
        for entry in tree.all("Contents") {
            guard let key = entry["Key"].flatMap(decoded), let byteCount = entry["Size"].flatMap(Int64.init)
            else {
                throw fault("an entry of the listing without key or size")
            }
            objects.append(
                S3ListedObject(
                    key: key, byteCount: byteCount, etag: unquoted(entry["ETag"] ?? ""),
                    lastModified: entry["LastModified"].flatMap(ListingDate.secondsSince1970),
                    storageClass: entry["StorageClass"]))
        }
        for entry in tree.all("CommonPrefixes") {
            guard let prefix = entry["Prefix"].flatMap(decoded) else {
                throw fault("a common prefix without text")
            }
            commonPrefixes.append(prefix)
        }
        guard let isTruncated = tree["IsTruncated"] else { throw fault("a listing without IsTruncated") }
        continuation = isTruncated == "true" ? tree["NextContinuationToken"] : nil
        guard isTruncated == "false" || continuation != nil else {
            throw fault("a listing that goes on without saying where")
        }
    }
}

extension HTTPResponse {
    /// The body as XML with that root.
    func xml(_ root: String) throws(AttemptFault) -> XMLElement {
        let tree: XMLElement
        do {
            tree = try XMLElement(parsing: body)
        } catch {
            throw .foreign(self, reason: error.description)
        }
        guard tree.name.hasPrefix(root) else {
            throw .foreign(self, reason: "<\(tree.name)> instead of <\(root)>")
        }
        return tree
    }
}

/// The time of listings, e.g. `2026-11-23T08:12:14.524Z`; always UTC, a fraction is dropped.
enum ListingDate {
    static func secondsSince1970(_ text: String) -> Int64? {
        let fields = text.split { "-T:Z.".contains($0) }
        guard text.hasSuffix("Z"), fields.count >= 6 else { return nil }
        let numbers = fields.prefix(6).compactMap { Int($0) }
        guard numbers.count == 6,
            let date = CivilDate(year: numbers[0], month: numbers[1], day: numbers[2])
        else { return nil }
        return CivilTime(date, hour: numbers[3], minute: numbers[4], second: numbers[5])?.secondsSince1970
    }
}
