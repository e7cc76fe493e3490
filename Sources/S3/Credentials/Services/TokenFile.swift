// SPDX-License-Identifier: Apache-2.0

import BlockingWork
import Files
import Secret

/// A token that something else puts into a file and renews there: it is read anew each time.
enum TokenFile {
    private static let byteCountLimit = 64 << 10

    /// The file's text without the line end that editors add.
    static func read(_ path: String, for origin: String) async throws -> Secret {
        do {
            return try await runBlocking("s3-credentials", asking: [path]) { try text(path, for: origin) }
        } catch let error as HangFault {
            throw S3Error.credentialsUnavailable(origin: origin, reason: error.facts)
        }
    }

    private static func text(_ path: String, for origin: String) throws(S3Error) -> Secret {
        do {
            let bytes = try FileSystem.readAll(path, limit: byteCountLimit)
            return Secret(String(decoding: bytes, as: UTF8.self).filter { !$0.isNewline })
        } catch {
            throw .invalidCredentials(origin: origin, reason: error.description)
        }
    }
}
