// SPDX-License-Identifier: Apache-2.0

import BlockingWork
import Files
import Secret

/// Makes credentials of what a profile says: keys, a role over another profile, a program, a web identity.
struct ProfileSource: Sendable {
    let profiles: SharedProfiles
    let surroundings: CredentialSurroundings

    /// nil if there is no such profile, or it has nothing to do with credentials.
    ///
    /// - Throws: `S3Error.invalidCredentials` naming file and line of what is not supported or does not fit.
    func credentials(of name: String) async throws -> S3Credentials? {
        try await credentials(of: name, seen: [])
    }

    private func credentials(of name: String, seen: [String]) async throws -> S3Credentials? {
        guard let profile = profiles.profile(name) else { return nil }
        if let role = profile["role_arn"] {
            return try await assumed(role, profile, seen: seen + [name])
        }
        if let keys = try profile.staticKeys() { return keys }
        if let process = profile["credential_process"] {
            return try await CredentialProcess(command: process.value, place: process.place).credentials()
        }
        try refuseSignIn(profile)
        return nil
    }

    /// What needs a person at a browser.
    private func refuseSignIn(_ profile: Profile) throws {
        let names = ["sso_session", "sso_start_url", "sso_account_id", "sso_role_name", "login_session"]
        guard let (name, setting) = profile.first(of: names) else { return }
        throw S3Error.invalidCredentials(
            origin: setting.place,
            reason: "'\(name)' needs a person to sign in, which no backup at night can wait for",
            hint:
                "give the machine a role, or use role_arn, credential_process or keys in profile '\(profile.name)'."
        )
    }

    private func assumed(
        _ role: ProfileFile.Setting, _ profile: Profile, seen: [String]
    ) async throws -> S3Credentials {
        if let device = profile["mfa_serial"] {
            throw S3Error.invalidCredentials(
                origin: device.place, reason: "'mfa_serial' needs a person to type a code",
                hint: "use a role that asks for none.")
        }
        let service = try SecurityTokenService(surroundings)
        let session = profile["role_session_name"]?.value ?? SecurityTokenService.defaultSession
        let origin = "\(role.place), role \(role.value)"
        if let token = profile["web_identity_token_file"] {
            return try await service.assumeRole(
                role.value, session: session, webIdentityTokenFile: token.value, origin: origin)
        }
        let base = try await baseCredentials(role, profile, seen: seen)
        return try await service.assumeRole(
            .init(
                arn: role.value, session: session, externalID: profile["external_id"]?.value,
                durationSeconds: try durationSeconds(profile)),
            with: base, origin: origin)
    }

    /// What the role is asked for with.
    private func baseCredentials(
        _ role: ProfileFile.Setting, _ profile: Profile, seen: [String]
    ) async throws -> S3Credentials {
        if let source = profile["source_profile"] {
            if source.value == profile.name, let keys = try profile.staticKeys() { return keys }
            guard !seen.contains(source.value) else {
                throw S3Error.invalidCredentials(
                    origin: source.place, reason: "profile '\(source.value)' is its own source in the end")
            }
            if let found = try await credentials(of: source.value, seen: seen) { return found }
            throw S3Error.invalidCredentials(
                origin: source.place, reason: "profile '\(source.value)' has no credentials, or is not there")
        }
        guard let source = profile["credential_source"] else {
            throw S3Error.invalidCredentials(
                origin: role.place,
                reason: "'role_arn' without source_profile, credential_source or web_identity_token_file",
                hint: "say with which credentials the role is to be taken.")
        }
        guard case .found(let found) = try await place(source).find() else {
            throw S3Error.invalidCredentials(
                origin: source.place, reason: "credential_source \(source.value) has no credentials")
        }
        return found
    }

    private func place(_ source: ProfileFile.Setting) throws -> any CredentialPlace {
        switch source.value {
        case "Environment": return EnvironmentPlace(environment: surroundings.environment)
        case "Ec2InstanceMetadata": return InstancePlace(surroundings: surroundings)
        case "EcsContainer": return ContainerPlace(surroundings: surroundings)
        default:
            throw S3Error.invalidCredentials(
                origin: source.place, reason: "no such credential_source as '\(source.value)'",
                hint: "write Environment, Ec2InstanceMetadata or EcsContainer.")
        }
    }

    private func durationSeconds(_ profile: Profile) throws -> Int? {
        guard let setting = profile["duration_seconds"] else { return nil }
        guard let seconds = Int(setting.value), (900...43_200).contains(seconds) else {
            throw S3Error.invalidCredentials(
                origin: setting.place, reason: "duration_seconds must lie between 900 and 43200")
        }
        return seconds
    }
}
