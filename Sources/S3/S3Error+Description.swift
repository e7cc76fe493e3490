// SPDX-License-Identifier: Apache-2.0

import Faults
import LogOutput

extension S3Call {
    /// `PutObject of 'key' in bucket 'b' at https://host`
    var text: String {
        let object = key.map { " of '\($0)'" } ?? ""
        return "\(action)\(object) in bucket '\(bucket)' at \(endpoint)"
            + (proxy.map { " through the proxy \($0)" } ?? "")
    }

    /// `: status 403 AccessDenied: Access Denied (request 4711)`: what the store said, or nothing.
    var said: String {
        (words.map { ": \($0.text)" } ?? "") + (requestID.map { " (request \($0.forLog))" } ?? "")
    }

    /// Whether it answered, but not as S3 does.
    var isOfAnother: Bool { words.map { $0.code == nil && !$0.message.isEmpty } ?? false }

    var originText: String { credentialsOrigin ?? "an unknown origin" }

    /// The IAM permission that the action needs, and on what.
    /// Source: "Required permissions for Amazon S3 API operations" in AWS's user guide.
    var permissionText: String {
        let permission =
            switch action {
            case "HeadObject", "GetObject": "s3:GetObject"
            case "ListObjectsV2": "s3:ListBucket"
            case "DeleteObject", "DeleteObjects": "s3:DeleteObject"
            case "ListMultipartUploads": "s3:ListBucketMultipartUploads"
            case "AbortMultipartUpload": "s3:AbortMultipartUpload"
            case "ListParts": "s3:ListMultipartUploadParts"
            case "RestoreObject": "s3:RestoreObject"
            case "CreateBucket": "s3:CreateBucket"
            case "GetBucketLifecycleConfiguration": "s3:GetLifecycleConfiguration"
            case "PutBucketLifecycleConfiguration", "DeleteBucketLifecycle": "s3:PutLifecycleConfiguration"
            default: "s3:PutObject"
            }
        return "\(permission) on arn:aws:s3:::\(bucket)" + (key.map { "/\($0)" } ?? "") + listingText
    }

    /// What tells a refusal of the object from one of all that is not there.
    private var listingText: String {
        guard ["HeadObject", "GetObject"].contains(action), let key else { return "" }
        return ", and s3:ListBucket with s3:prefix '\(key)' (without it AWS refuses what is not there too),"
    }
}

extension S3Error {
    public var facts: String { text.facts }
    public var hint: String? { text.hint }

    private var text: FaultText { refusalText ?? outageText ?? archiveText ?? contentText }

    private var refusalText: FaultText? {
        switch self {
        case .invalidLocation(let reason, let hint):
            FaultText(reason, hint: hint)
        case .noCredentials(let places):
            FaultText(
                "no S3 credentials found; looked in \(places.joined(separator: ", "))",
                hint:
                    "put aws_access_key_id and aws_secret_access_key under [default] into a file, and name it by storage.credentialsFile of cluster.json, on a node of agent.json."
            )
        case .invalidCredentials(let origin, let reason, let hint):
            FaultText("cannot use the S3 credentials from \(origin): \(reason)", hint: hint)
        case .accessDenied(let call):
            FaultText(
                "S3 refused \(call.text)\(call.said)",
                hint: Self.guess(
                    "allow \(call.permissionText) to the credentials from \(call.originText).", of: call))
        case .invalidAccessKey(let call):
            FaultText(
                "S3 refused \(call.text): it does not take the access key\(call.said)",
                hint: Self.guess(
                    "check the access key from \(call.originText), and that it belongs to this endpoint.",
                    of: call))
        case .signatureMismatch(let call):
            FaultText(
                "S3 refused \(call.text): it does not take the signature\(call.said)",
                hint:
                    "perhaps: check the secret key from \(call.originText); a proxy that rewrites requests has the same effect."
            )
        case .clockSkew(let call, let seconds):
            FaultText(
                "S3 refused the signature of \(call.text): this node's clock is \(abs(seconds)) s \(seconds < 0 ? "behind" : "ahead")\(call.said)",
                hint: "start chronyd or systemd-timesyncd on this node, then run it again.")
        case .expiredToken(let call):
            FaultText(
                "S3 refused \(call.text): the session token has expired\(call.said)",
                hint: "renew the credentials from \(call.originText).")
        case .noSuchBucket(let call):
            FaultText(
                "there is no bucket '\(call.bucket)' at \(call.endpoint)\(call.said)",
                hint: "create it, or correct storage.bucket and storage.endpoint.")
        case .wrongRegion(let call, let expected):
            FaultText(
                "S3 refused \(call.text): the bucket is in \(expected.map { "region \($0)" } ?? "another region")\(call.said)",
                hint: "set storage.region to the bucket's own region.")
        default: nil
        }
    }

    private var outageText: FaultText? {
        switch self {
        case .credentialsUnavailable(let origin, let reason):
            FaultText(
                "no S3 credentials from \(origin): \(reason)",
                hint:
                    "check that service and the way to it; nothing else was asked, because this one is set up."
            )
        case .slowDown(let call, let attempts):
            FaultText(
                "S3 asked to slow down \(attempts) times in a row: \(call.text)\(call.said)",
                hint: "perhaps: lower NB_THREADS_BACKUP or the number of nodes that run at once.")
        case .unavailable(let call, let attempts):
            FaultText(
                "S3 failed \(attempts) times in a row: \(call.text)\(call.said)",
                hint: "look at the store's own state, then run it again.")
        case .unreachable(let call, let reason, let attempts):
            FaultText(
                "S3 is not reachable, \(attempts) attempts: \(call.text): \(reason)",
                hint: Self.plainHint(reason)
                    ?? "check storage.endpoint, the network between here and there, and that the store runs.")
        case .proxyFailed(let call, let reason, let isPassing, let attempts):
            FaultText(
                "\(reason)\(isPassing ? ", \(attempts) attempts" : ""): \(call.text)",
                hint:
                    "the proxy is at fault, not the store: correct the variable that names it, or let no_proxy name the store's host."
            )
        case .untrusted(let call, let reason, isOurs: true):
            FaultText(
                "the store refuses us in TLS: \(call.text): \(reason)",
                hint:
                    "perhaps: a proxy there demands a certificate of the client, and none is sent to a store; lead storage.endpoint past it."
            )
        case .untrusted(let call, let reason, isOurs: false):
            FaultText(
                "no safe connection to S3: \(call.text): \(reason)",
                hint: Self.plainHint(reason)
                    ?? "name in storage.authority the PEM file of the authority that issued the store's certificate."
            )
        default: nil
        }
    }

    /// After OpenSSL's words for an answer that is no TLS at all.
    private static func plainHint(_ reason: String) -> String? {
        reason.contains("wrong version number")
            ? "the store seems to speak plain http there: write http:// in storage.endpoint, or the port of its https."
            : nil
    }

    /// Our guess behind the store's own words, and marked as one.
    private static func guess(_ hint: String, of call: S3Call) -> String {
        call.isOfAnother ? proxyHint : "perhaps: \(hint)"
    }

    private static let proxyHint =
        "perhaps: a proxy or gateway on the way to the store answered instead of it; look there."

    private var archiveText: FaultText? {
        switch self {
        case .archived(let call, let storageClass):
            FaultText(
                "'\(call.key ?? "")' in bucket '\(call.bucket)' is in the archive (\(storageClass)) and cannot be read as it is\(call.said)",
                hint:
                    "set device-property \"READ-FROM-GLACIER\" \"yes\" in its changer, and the restore thaws it; or thaw it with 'aws s3api restore-object'."
            )
        case .locked(let bucket, let key, let holder):
            FaultText(
                "'\(key)' in bucket '\(bucket)' was held by others all the time: \(holder.forLog)",
                hint: "it runs out by itself \(ObjectLock.lease) s after its holder has gone.")
        case .lifecycleFull(let bucket, let label):
            FaultText(
                "bucket '\(bucket)' has \(LifecycleDocument.ruleLimit) lifecycle rules, as many as S3 allows: none was added for volume '\(label)'",
                hint:
                    "remove rules of volumes that are gone, or let one rule of your own move the whole prefix."
            )
        case .lifecycleLost(let bucket):
            FaultText(
                "the lifecycle rules of bucket '\(bucket)' were written several times, and each time the bucket went on to show older ones",
                hint:
                    "see whether another program manages them (Terraform, for example), and let it leave ours alone."
            )
        case .thawTooSlow(let count, let after):
            FaultText(
                "\(count) objects were still in the archive after \(after.components.seconds / 60) minutes",
                hint:
                    "run the restore again: what is thawed stays readable for some days, and nothing is asked for twice."
            )
        default: nil
        }
    }

    private var contentText: FaultText {
        switch self {
        case .notFound(let call):
            "there is no '\(call.key ?? "")' in bucket '\(call.bucket)' at \(call.endpoint)\(call.said)"
        case .noSuchUpload(let call):
            "S3 knows no such multipart upload: \(call.text)\(call.said)"
        case .preconditionFailed(let call):
            FaultText(
                "'\(call.key ?? "")' in bucket '\(call.bucket)' is not in the state that \(call.action) demanded\(call.said)",
                hint: "perhaps: somebody else has written it meanwhile; run it again.")
        case .noConditionalWrites(let call, let fault):
            FaultText("\(call.endpoint) \(fault.text): \(call.text)", hint: fault.remedy)
        case .corruptPart(let call, let part, let sent, let stored):
            FaultText(
                "\(part.map { "part \($0) of " } ?? "")'\(call.key ?? "")' arrived changed at \(call.endpoint): sent \(sent), stored \(stored)\(call.said)",
                hint: "test this machine's memory and whatever lies between here and the store.")
        case .corruptObject(let call, let expected, let received):
            "'\(call.key ?? "")' in bucket '\(call.bucket)' is damaged in the store: stored CRC-32C \(expected), but the same bytes came twice, of CRC-32C \(received)"
        case .changesOnTheWay(let call, let readings):
            FaultText(
                "what came differed each of \(readings) times, on as many connections: \(call.text)",
                hint:
                    "the way from the store changes what it carries: test this machine's memory and whatever lies between, or use https."
            )
        case .wrongLength(let call, let expected, let actual):
            "got \(actual) bytes instead of \(expected): \(call.text)"
        case .tooLong(let call, let limit):
            "'\(call.key ?? "")' in bucket '\(call.bucket)' is longer than \(limit) bytes"
        case .tooMany(let call, let prefix, let limit):
            FaultText(
                "more than \(limit) objects lie under '\(prefix)' in bucket '\(call.bucket)' at \(call.endpoint): no more were looked at",
                hint: "amfleet never writes so many there: see who did, and remove what is foreign.")
        case .completionFailed(let call, let reason):
            "the upload of '\(call.key ?? "")' to bucket '\(call.bucket)' at \(call.endpoint) is not complete: \(reason)"
        case .malformedAnswer(let call, let reason):
            FaultText(
                "the answer to \(call.text) is not S3's: \(reason)\(call.said)",
                hint: "check that storage.endpoint is an S3 server and not a proxy or a console.")
        case .refused(let call, let status, let code):
            FaultText(
                "S3 refused \(call.text)\(call.words == nil ? ": status \(status) \(code)" : "")\(call.said)",
                hint: call.isOfAnother ? Self.proxyHint : nil)
        default:
            "S3 failed"
        }
    }
}
