// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import LogOutput
import Secret

/// Credentials as JSON: what a credential process prints, and what container and instance endpoints answer.
///
/// Shape: `AccessKeyId`, `SecretAccessKey`, `Token` or `SessionToken`, `Expiration` (ISO 8601, UTC); `Version` of a
/// process, `Code` of the instance's service. Errors never quote it.
struct CredentialDocument {
    private struct Fields: Decodable {
        var Version: Int?
        var Code: String?
        var Message: String?
        var AccessKeyId: String?
        var SecretAccessKey: String?
        var Token: String?
        var SessionToken: String?
        var Expiration: String?
    }

    private let fields: Fields
    private let origin: String

    init(parsing bytes: [UInt8], origin: String) throws(S3Error) {
        do {
            fields = try JSONDecoder().decode(Fields.self, from: Data(bytes))
        } catch {
            throw .invalidCredentials(origin: origin, reason: "what it gave is no JSON of credentials")
        }
        self.origin = origin
    }

    var version: Int? { fields.Version }

    /// - Throws: `S3Error.invalidCredentials` for a code that is not `Success`, and for a half pair.
    func credentials(origin name: String? = nil) throws(S3Error) -> S3Credentials {
        if let code = fields.Code, code != "Success" {
            throw .invalidCredentials(
                origin: origin,
                reason: "it answered with code '\(code.forLog)'"
                    + (fields.Message.map { ": \($0.forLog)" } ?? ""))
        }
        guard let accessKeyID = fields.AccessKeyId, let secretAccessKey = fields.SecretAccessKey,
            !accessKeyID.isEmpty, !secretAccessKey.isEmpty
        else {
            throw .invalidCredentials(
                origin: origin, reason: "what it gave lacks AccessKeyId or SecretAccessKey")
        }
        let token = (fields.Token ?? fields.SessionToken).flatMap { $0.isEmpty ? nil : Secret($0) }
        return S3Credentials(
            accessKeyID: accessKeyID, secretAccessKey: Secret(secretAccessKey), sessionToken: token,
            origin: name ?? origin, expiresAt: try expiresAt())
    }

    private func expiresAt() throws(S3Error) -> Int64? {
        guard let text = fields.Expiration else { return nil }
        guard let seconds = CredentialExpiry.secondsSince1970(text) else {
            throw .invalidCredentials(origin: origin, reason: "its Expiration is no time in UTC")
        }
        return seconds
    }
}

/// The time at which credentials end, as AWS writes it.
enum CredentialExpiry {
    /// `2026-11-23T08:12:14Z`, also with a fraction, or with `+00:00` for the `Z`.
    static func secondsSince1970(_ text: String) -> Int64? {
        let ending = ["+00:00", "+0000"].first { text.hasSuffix($0) }
        return ListingDate.secondsSince1970(ending.map { "\(text.dropLast($0.utf8.count))Z" } ?? text)
    }
}
