// SPDX-License-Identifier: Apache-2.0

import CivilCalendar
import HTTPTransport
import XML

extension S3Client {
    /// What one listing holds in memory at most: no foreign objects under a prefix, however many, end this program.
    public static let listingLimit = 1_000_000

    /// Everything whose key begins with `prefix`, page by page.
    ///
    /// - Parameters:
    ///   - delimiter: keys that have it after the prefix are summed up in `commonPrefixes`.
    ///   - limit: stop after that many objects and prefixes; nil: all.
    ///   - most: more objects and prefixes than that are an error.
    ///   - pageSize: keys a request, at most S3's 1,000.
    /// - Throws: `S3Error.tooMany` beyond `most`.
    public func list(
        prefix: String, delimiter: String? = nil, limit: Int? = nil, atMost most: Int = listingLimit,
        pageSize: Int = 1000
    ) async throws -> S3Listing {
        var listing = S3Listing()
        let isWhole = try await walk(
            prefix: prefix, delimiter: delimiter, most: most,
            size: { min(limit.map { $0 - listing.count } ?? pageSize, pageSize) },
            { page in
                listing.objects += page.objects
                listing.commonPrefixes += page.commonPrefixes
                return limit.map { listing.count < $0 } ?? true
            })
        listing.isComplete = isWhole
        return listing
    }

    /// The same for listings of any length: one page in memory at a time. What `body` deletes is not missed.
    public func forEachPage(
        prefix: String, _ body: (_ objects: [S3ListedObject]) async throws -> Void
    ) async throws {
        try await forEachPage(prefix: prefix, delimiter: nil, atMost: .max) { try await body($0.objects) }
    }

    /// The same with what lies below a delimiter summed up.
    ///
    /// - Throws: `S3Error.tooMany` beyond `most`.
    public func forEachPage(
        prefix: String, delimiter: String?, atMost most: Int, _ body: (_ page: S3Listing) async throws -> Void
    ) async throws {
        _ = try await walk(
            prefix: prefix, delimiter: delimiter, most: most, size: { 1000 },
            { page in
                try await body(S3Listing(objects: page.objects, commonPrefixes: page.commonPrefixes))
                return true
            })
    }

    /// - Parameter body: whether it wants more.
    /// - Returns: whether that was all.
    private func walk(
        prefix: String, delimiter: String?, most: Int, size: () -> Int,
        _ body: (ListingPage) async throws -> Bool
    ) async throws -> Bool {
        var progress = ListingProgress()
        var count = 0
        while true {
            let page = try await page(
                prefix: prefix, delimiter: delimiter, size: size(), after: progress)
            count += page.objects.count + page.commonPrefixes.count
            guard count <= most else {
                let request = S3Request(action: "ListObjectsV2", method: "GET")
                throw S3Error.tooMany(call(request), prefix: prefix, limit: most)
            }
            progress.take(page)
            let wantsMore = try await body(page)
            guard page.continuation != nil else { return true }
            guard wantsMore else { return false }
        }
    }

    private func page(
        prefix: String, delimiter: String?, size: Int, after progress: ListingProgress
    ) async throws -> ListingPage {
        var request = S3Request(action: "ListObjectsV2", method: "GET")
        request.query = [
            ("list-type", "2"), ("encoding-type", "url"), ("max-keys", String(size)), ("prefix", prefix),
        ]
        if let delimiter { request.query.append(("delimiter", delimiter)) }
        if let continuation = progress.continuation {
            request.query.append(("continuation-token", continuation))
        }
        return try await performUntilAgreed(request) { response throws(AttemptFault) in
            let page = try ListingPage(response)
            if let reason = page.stray(from: prefix) ?? progress.fault(of: page) {
                throw .malformed(reason: reason, requestID: response.header("x-amz-request-id"))
            }
            return page
        }
    }
}

extension S3Listing {
    fileprivate var count: Int { objects.count + commonPrefixes.count }
}

/// How far a listing has come, and whether it goes on: a store that says for ever that there is more is not asked for ever.
struct ListingProgress {
    /// Pages in a row that say nothing but that there is more.
    private static let emptyLimit = 100

    /// What to ask the next page with; nil: this is the first.
    private(set) var continuation: String?
    /// The first name of each page: no listing comes to it twice. 1,000 keys a name.
    private var beginnings: Set<String> = []
    private var emptyCount = 0

    mutating func take(_ page: ListingPage) {
        continuation = page.continuation
        emptyCount = page.first == nil ? emptyCount + 1 : 0
        if let first = page.first { beginnings.insert(first) }
    }

    /// Why the next page is none; nil: it is one.
    func fault(of page: ListingPage) -> String? {
        let goesOn =
            page.first.map { !beginnings.contains($0) } ?? (emptyCount < Self.emptyLimit)
            && (page.continuation == nil || page.continuation != continuation)
        return goesOn ? nil : "the listing does not go on"
    }
}

/// One answer to ListObjectsV2. No store gives a checksum of it: over plain http it counts when it has come twice.
struct ListingPage: Equatable {
    private(set) var objects: [S3ListedObject] = []
    private(set) var commonPrefixes: [String] = []
    /// What to ask the next page with; nil: this was the last.
    let continuation: String?

    fileprivate var first: String? { objects.first?.key ?? commonPrefixes.first }

    /// What nobody has asked for, said as a reason; nil: all of it begins with the prefix, byte by byte.
    fileprivate func stray(from prefix: String) -> String? {
        let stray =
            objects.lazy.map(\.key).first { !$0.utf8.starts(with: prefix.utf8) }
            ?? commonPrefixes.first { !$0.utf8.starts(with: prefix.utf8) }
        return stray.map { "a listing of '\(prefix)' with '\($0.prefix(200))'" }
    }

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
        // A key that is no UTF-8 is nobody's whom we know, and no reason to see none of the others.
        let decoded = { (text: String) in isEncoded ? PercentEncoding.mended(text) : text }
        for entry in tree.all("Contents") {
            guard let key = entry["Key"].flatMap(decoded),
                let byteCount = entry["Size"].flatMap(S3ObjectInfo.byteCount)
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
