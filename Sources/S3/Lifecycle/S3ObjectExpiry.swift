// SPDX-License-Identifier: Apache-2.0

import HTTPTransport

/// When a rule of the bucket's lifecycle deletes an object, as the store says beside it.
///
/// Shape: `x-amz-expiration: expiry-date="Fri, 21 Dec 2012 00:00:00 GMT", rule-id="old%20backups"`. Source: "HeadObject" in the S3 API
/// reference. Stores that do not send it say nothing of their rules.
public struct S3ObjectExpiry: Sendable, Hashable {
    /// Seconds since 1970.
    public let time: Int64
    /// The rule's id as the store writes it: what is no plain character is percent-encoded. Empty: it is not named.
    public let rule: String

    public init(time: Int64, rule: String) {
        self.time = time
        self.rule = rule
    }

    /// nil: there is no such date in it.
    init?(header: String) {
        func value(_ name: String) -> Substring? {
            header.firstRange(of: "\(name)=\"").map { header[$0.upperBound...].prefix { $0 != "\"" } }
        }
        guard let time = value("expiry-date").flatMap({ HTTPDate.secondsSince1970(String($0)) }) else {
            return nil
        }
        self.init(time: time, rule: value("rule-id").map(String.init) ?? "")
    }
}
