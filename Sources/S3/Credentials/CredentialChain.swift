// SPDX-License-Identifier: Apache-2.0

import BlockingWork
import Files
import FoundationEssentials
import Secret

/// The places where a node looks for credentials, in this order; the first that has any is used.
///
/// 1. the file that `storage.credentialsFile` names, profile `default`
/// 2. `AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY`, `AWS_SESSION_TOKEN` of the environment
/// 3. the shared credentials file (`AWS_SHARED_CREDENTIALS_FILE` or `~/.aws/credentials`), profile `AWS_PROFILE`
/// 4. the device properties of `amanda.conf`
public struct CredentialChain: CredentialSource {
    private let credentialsFile: String?
    private let environment: [String: String]
    private let deviceProperties: S3Credentials?
    private let readsDeviceProperties: Bool

    /// A chain over `environment`, by default this process's.
    ///
    /// - Parameter readsDeviceProperties: false where there is no `amanda.conf`, as on the coordinator.
    public init(
        credentialsFile: String?, deviceProperties: S3Credentials? = nil,
        readsDeviceProperties: Bool = true, environment: [String: String]? = nil
    ) {
        self.credentialsFile = credentialsFile
        self.readsDeviceProperties = readsDeviceProperties
        self.environment = environment ?? ProcessInfo.processInfo.environment
        self.deviceProperties = deviceProperties
    }

    /// Looks again each time, so that renewed tokens are found.
    ///
    /// - Throws: `S3Error.noCredentials` naming every place, `.invalidCredentials` for a place that has half of them.
    public func credentials() async throws -> S3Credentials {
        try await runBlocking("s3-credentials") { try find() }
    }

    private func find() throws -> S3Credentials {
        var lookedIn: [String] = []
        if let credentialsFile {
            if let found = try read(credentialsFile, profile: "default") { return found }
            lookedIn.append("\(credentialsFile) (profile default)")
        } else {
            lookedIn.append("storage.credentialsFile (not set)")
        }
        if let found = try fromEnvironment() { return found }
        lookedIn.append("the environment (AWS_ACCESS_KEY_ID)")
        if let path = sharedCredentialsFile {
            let profile = environment["AWS_PROFILE"] ?? "default"
            if let found = try read(path, profile: profile) { return found }
            lookedIn.append("\(path) (profile \(profile))")
        }
        if let deviceProperties { return deviceProperties }
        if readsDeviceProperties { lookedIn.append("the device properties of amanda.conf") }
        throw S3Error.noCredentials(lookedIn: lookedIn)
    }

    private var sharedCredentialsFile: String? {
        environment["AWS_SHARED_CREDENTIALS_FILE"] ?? environment["HOME"].map { "\($0)/.aws/credentials" }
    }

    private func fromEnvironment() throws -> S3Credentials? {
        guard let accessKeyID = environment["AWS_ACCESS_KEY_ID"], !accessKeyID.isEmpty else { return nil }
        guard let secretAccessKey = environment["AWS_SECRET_ACCESS_KEY"], !secretAccessKey.isEmpty else {
            throw S3Error.invalidCredentials(
                origin: "the environment", reason: "AWS_SECRET_ACCESS_KEY is not set")
        }
        let token = environment["AWS_SESSION_TOKEN"].flatMap { $0.isEmpty ? nil : Secret($0) }
        return S3Credentials(
            accessKeyID: accessKeyID, secretAccessKey: Secret(secretAccessKey), sessionToken: token,
            origin: "the environment")
    }

    private func read(_ path: String, profile: String) throws -> S3Credentials? {
        let bytes: [UInt8]
        do {
            bytes = try FileSystem.readAll(path, limit: 1 << 20)
        } catch  where error.isMissing {
            return nil
        } catch {
            throw S3Error.invalidCredentials(origin: path, reason: error.description)
        }
        let file = try SharedCredentialsFile(parsing: String(decoding: bytes, as: UTF8.self), path: path)
        return try file.credentials(profile: profile)
    }
}
