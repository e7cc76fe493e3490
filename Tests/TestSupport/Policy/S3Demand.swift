// SPDX-License-Identifier: Apache-2.0

import Foundation

/// What a request asks of IAM.
struct S3Demand: Sendable, Hashable {
    /// `s3:GetObject`
    let action: String
    /// `arn:aws:s3:::BUCKET` or `arn:aws:s3:::BUCKET/KEY`
    let resource: String
    /// The request's condition key `s3:prefix`; nil: it has none.
    var prefix: String?
}

/// A request to S3 in path style, as far as its permissions depend on it.
///
/// Source: "Required permissions for Amazon S3 API operations" in the S3 user guide, and "Actions, resources, and condition keys for
/// Amazon S3" in the service authorization reference: of what we ask only `ListBucket` knows the condition key `s3:prefix`.
struct S3Operation: Sendable {
    let bucket: String
    /// nil: about the bucket.
    let key: String?
    private let method: String
    private let query: [String: String]
    private let isConditionalOnVersion: Bool

    init(_ head: ProxyHead) {
        method = head.method
        let parts = head.target.split(separator: "?", maxSplits: 1)
        let path = parts.first.map(String.init) ?? "/"
        let names = path.dropFirst().split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        bucket = names.first.flatMap { $0.removingPercentEncoding } ?? ""
        key = names.count > 1 && !names[1].isEmpty ? names[1].removingPercentEncoding : nil
        var query: [String: String] = [:]
        for pair in (parts.count > 1 ? parts[1] : "").split(separator: "&") {
            let fields = pair.split(separator: "=", maxSplits: 1).map(String.init)
            query[fields[0]] = fields.count > 1 ? fields[1].removingPercentEncoding ?? "" : ""
        }
        self.query = query
        isConditionalOnVersion = head.value(of: "if-match") != nil
    }

    /// The body names the keys.
    var isDeletionOfMany: Bool { method == "POST" && key == nil && query["delete"] != nil }

    /// It is about the lifecycle configuration of the bucket.
    var isOfLifecycle: Bool { key == nil && query["lifecycle"] != nil }

    /// It reads one object: where there is none the answer depends on who asks.
    var readsObject: Bool { key != nil && ["GET", "HEAD"].contains(method) && query["uploadId"] == nil }

    var arn: String { Self.arn(bucket, key) }

    static func arn(_ bucket: String, _ key: String?) -> String {
        "arn:aws:s3:::\(bucket)" + (key.map { "/\($0)" } ?? "")
    }

    /// All of them must be allowed; nil: nobody knows what it needs, and nobody may do it.
    func demands() -> [S3Demand]? {
        let actions = key == nil ? bucketActions : objectActions
        return actions?.map { action in
            S3Demand(
                action: "s3:\(action)", resource: arn,
                prefix: action == "ListBucket" ? query["prefix"] : nil)
        }
    }

    /// Of `ListObjects` and `ListObjectsV2`.
    private static let listing: Set = [
        "list-type", "prefix", "delimiter", "max-keys", "marker", "continuation-token", "encoding-type",
        "start-after", "fetch-owner",
    ]

    private var bucketActions: [String]? {
        switch method {
        case "GET" where query["lifecycle"] != nil: ["GetLifecycleConfiguration"]
        case "GET" where query["location"] != nil: ["GetBucketLocation"]
        case "GET" where query["uploads"] != nil: ["ListBucketMultipartUploads"]
        case "GET" where Self.listing.isSuperset(of: query.keys): ["ListBucket"]
        case "HEAD": ["ListBucket"]
        case "PUT" where query["lifecycle"] != nil: ["PutLifecycleConfiguration"]
        case "DELETE" where query["lifecycle"] != nil: ["PutLifecycleConfiguration"]
        case "PUT" where query.isEmpty: ["CreateBucket"]
        default: nil
        }
    }

    private var objectActions: [String]? {
        switch method {
        case "GET" where query["uploadId"] != nil: ["ListMultipartUploadParts"]
        case "GET" where query.isEmpty, "HEAD" where query.isEmpty: ["GetObject"]
        case "POST" where query["uploads"] != nil, "POST" where query["uploadId"] != nil: ["PutObject"]
        case "POST" where query["restore"] != nil: ["RestoreObject"]
        case "PUT" where query["partNumber"] != nil: ["PutObject"]
        // Whoever writes only over a certain version learns whether it is there.
        case "PUT" where query.isEmpty: isConditionalOnVersion ? ["PutObject", "GetObject"] : ["PutObject"]
        case "DELETE" where query["uploadId"] != nil: ["AbortMultipartUpload"]
        case "DELETE" where query.isEmpty: ["DeleteObject"]
        default: nil
        }
    }
}
