// SPDX-License-Identifier: Apache-2.0

import ChildProcess

/// `credential_process`: a program that prints credentials as JSON.
///
/// It is run by `/bin/sh`. What it prints is never shown, on either stream: it may be the keys.
/// Source: "Sourcing credentials with an external process" in the user guide of the AWS CLI.
struct CredentialProcess: Sendable {
    private static let limit = Duration.seconds(60)
    private static let outputLimit = 64 << 10

    let command: String
    /// File and line that name it.
    let place: String

    func credentials() async throws -> S3Credentials {
        let result: ChildResult
        do {
            result = try await ChildProcess.run(
                ChildCommand("/bin/sh", ["-c", command]), limit: Self.limit, outputLimit: Self.outputLimit)
        } catch let error as ChildProcessError {
            throw S3Error.credentialsUnavailable(
                origin: place, reason: "credential_process: \(error.facts)")
        }
        guard result.exit == .status(0) else {
            throw S3Error.invalidCredentials(
                origin: place, reason: "credential_process \(result.exit.description)",
                hint: "run its command as root and see what it says.")
        }
        let document = try CredentialDocument(parsing: result.output, origin: place)
        guard document.version == 1 else {
            throw S3Error.invalidCredentials(
                origin: place, reason: "credential_process printed no document of Version 1")
        }
        return try document.credentials(origin: place)
    }
}
