// SPDX-License-Identifier: Apache-2.0

import Secret

/// `AWS_ACCESS_KEY_ID` and its companions.
struct EnvironmentPlace: CredentialPlace {
    let environment: [String: String]

    func find() throws -> CredentialFinding {
        guard let accessKeyID = environment["AWS_ACCESS_KEY_ID"], !accessKeyID.isEmpty else {
            return .nothing("the environment (AWS_ACCESS_KEY_ID)")
        }
        guard let secretAccessKey = environment["AWS_SECRET_ACCESS_KEY"], !secretAccessKey.isEmpty else {
            throw S3Error.invalidCredentials(
                origin: "the environment", reason: "AWS_SECRET_ACCESS_KEY is not set")
        }
        let token = environment["AWS_SESSION_TOKEN"].flatMap { $0.isEmpty ? nil : Secret($0) }
        return .found(
            S3Credentials(
                accessKeyID: accessKeyID, secretAccessKey: Secret(secretAccessKey), sessionToken: token,
                origin: "the environment"))
    }
}

/// What the changer in `amanda.conf` has.
struct DevicePropertyPlace: CredentialPlace {
    let credentials: S3Credentials?

    func find() -> CredentialFinding {
        credentials.map { .found($0) } ?? .nothing("the device properties of amanda.conf")
    }
}

/// The file that the agent's or the coordinator's own settings name.
struct OwnFilePlace: CredentialPlace {
    let path: String?
    let surroundings: CredentialSurroundings

    func find() async throws -> CredentialFinding {
        guard let path else { return .nothing("storage.credentialsFile (not set)") }
        let profiles = try await SharedProfiles(credentialsFile: path, configurationFile: nil)
        let source = ProfileSource(profiles: profiles, surroundings: surroundings)
        if let found = try await source.credentials(of: "default") { return .found(found) }
        return .nothing("\(path) (profile default)")
    }
}

/// AWS's two shared files.
struct SharedFilesPlace: CredentialPlace {
    let surroundings: CredentialSurroundings

    /// Where they are looked for.
    ///
    /// - Parameter variable: of the environment; nil where it is not set.
    static func files(
        _ variable: (String) -> String?
    ) -> (credentials: String?, configuration: String?) {
        let home = variable("HOME")
        return (
            variable("AWS_SHARED_CREDENTIALS_FILE") ?? home.map { "\($0)/.aws/credentials" },
            variable("AWS_CONFIG_FILE") ?? home.map { "\($0)/.aws/config" }
        )
    }

    func find() async throws -> CredentialFinding {
        let (credentialsFile, configurationFile) = Self.files(surroundings.variable)
        guard credentialsFile != nil || configurationFile != nil else { return .notSetUp }
        let profiles = try await SharedProfiles(
            credentialsFile: credentialsFile, configurationFile: configurationFile)
        let source = ProfileSource(profiles: profiles, surroundings: surroundings)
        let named = surroundings.variable("AWS_PROFILE") ?? surroundings.variable("AWS_DEFAULT_PROFILE")
        if let found = try await source.credentials(of: named ?? "default") { return .found(found) }
        let places = [credentialsFile, configurationFile].compactMap(\.self).joined(separator: " and ")
        guard let named else { return .nothing("\(places) (profile default)") }
        throw S3Error.invalidCredentials(
            origin: "profile '\(named)'",
            reason: "AWS_PROFILE names it, but \(places) have no such credentials",
            hint: "correct AWS_PROFILE, or write the profile.")
    }
}

/// What an operator sent for this work alone: it is nowhere on the machine.
struct SentPlace: CredentialPlace {
    let credentials: S3Credentials

    func find() -> CredentialFinding { .found(credentials) }
}
