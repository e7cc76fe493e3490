// SPDX-License-Identifier: Apache-2.0

import HTTPTransport
import LogOutput
import XML

/// What a server said with an answer that is no success: its own words, bounded and on one line.
///
/// An error of S3 or STS gives its code, its message and what it objected to; any other body, as a proxy's page or a
/// service's JSON, the text in it. Nothing that a request was signed with is among them: AWS repeats the whole string that
/// was signed, others the headers.
struct StoreWords: Sendable, Hashable {
    let status: Int
    /// nil: no error of S3's shape; so always with HEAD.
    let code: String?
    /// What it said; empty where it said nothing.
    let message: String
    /// `HeaderName: x-amz-meta-a`: what it objected to.
    let details: [String]
}

extension StoreWords {
    /// - Parameter secrets: are left out of whatever the server says.
    init(_ response: HTTPResponse, error: XMLElement?, hiding secrets: [String] = []) {
        func shown(_ text: String?) -> String? { text.flatMap { Self.shown($0, hiding: secrets) } }
        func named(_ names: [String], _ value: (String) -> String?) -> [String] {
            names.compactMap { name in shown(value(name)).map { "\(name): \($0)" } }
        }
        status = response.status
        code = shown(error?["Code"])
        message = shown(error.map { $0["Message"] ?? "" } ?? PageText.of(response.body)) ?? ""
        details =
            error.map { error in named(Self.detailNames) { error[$0] } }
            ?? named(["Location", "Server"]) { name in
                response.header(name).map { name == "Location" ? Self.withoutQuery($0) : $0 }
            }
    }

    /// Where a redirect leads, without its query: login pages are given tokens there.
    private static func withoutQuery(_ address: String) -> String {
        guard let end = address.firstIndex(where: { "?#;".contains($0) }) else { return address }
        return "\(address[...end])…"
    }

    /// An element `<Error>`, as S3 has it at the root and STS below it.
    static func error(in body: [UInt8]) -> XMLElement? {
        guard let root = try? XMLElement(parsing: body) else { return nil }
        return root.name == "Error" ? root : root.name == "ErrorResponse" ? root.child("Error") : nil
    }

    /// `status 400 InvalidArgument: message; ArgumentName: x`, in all no longer than a log's line takes.
    var text: String {
        let said = ([message] + details).filter { !$0.isEmpty }.joined(separator: "; ")
        let name = ["status \(status)", code].compactMap(\.self).joined(separator: " ")
        return (said.isEmpty ? (code == nil ? "\(name) without a word" : name) : "\(name): \(said)").forLog
    }

    /// What errors name besides code and message, and what holds nothing of the signature.
    /// Source: "Error responses" in the S3 API reference, and what MinIO, Ceph, R2 and GCS add.
    private static let detailNames = [
        "ArgumentName", "ArgumentValue", "HeaderName", "Header", "ProposedSize", "MaxSizeAllowed",
        "MinSizeAllowed",
        "Condition", "Method", "ResourceType", "PartNumber", "RangeRequested", "ActualObjectSize",
        "ExpectedDigest",
        "CalculatedDigest", "ClientComputedContentSHA256", "S3ComputedContentSHA256", "ServerTime",
        "RequestTime",
        "MaxAllowedSkewMilliseconds", "Region", "Endpoint", "StorageClass", "LocationConstraint", "Details",
        "Reason",
    ]

    /// Trimmed, on one line and cut; nil where nothing is left, or where it repeats what only a request's headers hold.
    private static func shown(_ text: String, hiding secrets: [String]) -> String? {
        let lower = text.lowercased()
        if secretSigns.contains(where: lower.contains) { return "(it repeats the signature: not shown)" }
        var hidden = secrets.reduce(text) { $0.replacing($1, with: "…") }[...]
        while hidden.last?.isWhitespace == true { hidden.removeLast() }
        let clean = String(hidden.drop(while: \.isWhitespace)).forLog
        return clean.isEmpty ? nil : clean
    }

    private static let secretSigns = [
        "signature=", "credential=", "authorization:", "aws4-hmac", "security-token:", "secretaccesskey",
        "set-cookie",
    ]
}
