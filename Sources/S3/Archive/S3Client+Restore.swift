// SPDX-License-Identifier: Apache-2.0

import HTTPTransport
import LogOutput
import Logging

extension S3Client {
    /// Asks for a readable copy of an archived object. Asked already, or there already, is fine; then `days` count anew.
    ///
    /// Source: "RestoreObject" in the S3 API reference.
    ///
    /// - Parameter days: how long the copy stays; 1 or more.
    func restoreFromArchive(_ key: String, days: Int, tier: S3ThawTier) async throws {
        let body =
            "<RestoreRequest xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><Days>\(days)</Days>"
            + "<GlacierJobParameters><Tier>\(tier.rawValue)</Tier></GlacierJobParameters></RestoreRequest>"
        do {
            _ = try await perform(
                S3Request(
                    action: "RestoreObject", method: "POST", key: key, query: [("restore", "")],
                    headers: [("content-type", "application/xml")], body: .bytes(Array(body.utf8))))
        } catch S3Error.refused(_, 409, "RestoreAlreadyInProgress") {
            return
        }
        logger.debug(
            "asked for a readable copy of an archived object",
            metadata: ["bucket": "\(location.bucket)", "key": "\(key.forLog)", "tier": "\(tier)"])
    }
}
