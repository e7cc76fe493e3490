// SPDX-License-Identifier: Apache-2.0

import BlockingWork
import Files
import HiddenCharacters
import Secret

/// The profiles of the shared files together: what the credentials file says of a profile counts before the other's.
struct SharedProfiles: Sendable {
    private let profiles: [String: [String: ProfileFile.Setting]]

    /// Reads the files; one that is not there holds nothing.
    ///
    /// - Throws: `S3Error.invalidCredentials` naming file and line.
    init(credentialsFile: String?, configurationFile: String?) async throws {
        let files = [credentialsFile, configurationFile].compactMap(\.self)
        do {
            profiles = try await runBlocking("s3-credentials", asking: files) {
                let weaker = try Self.read(configurationFile, .configuration)
                let stronger = try Self.read(credentialsFile, .credentials)
                return weaker.merging(stronger) { $0.merging($1) { $1 } }
            }
        } catch let error as HangFault {
            throw S3Error.credentialsUnavailable(origin: error.path, reason: error.facts)
        }
    }

    private static func read(
        _ path: String?, _ kind: ProfileFile.Kind
    ) throws -> [String: [String: ProfileFile.Setting]] {
        guard let path else { return [:] }
        let bytes: [UInt8]
        do {
            bytes = try FileSystem.readAll(path, limit: 1 << 20)
        } catch {
            if error.isMissing { return [:] }
            throw S3Error.invalidCredentials(origin: path, reason: error.description)
        }
        let form = TextForm(of: bytes)
        if case .wide = form {
            throw S3Error.invalidCredentials(
                origin: path, reason: "the file \(form.fault ?? "cannot be read")",
                hint: form.mend(path).map { "run: \($0)" })
        }
        let text = String(decoding: TextForm.withoutMark(bytes), as: UTF8.self)
        return try ProfileFile(parsing: text, path: path, kind: kind).profiles
    }

    /// What a profile says; nil if there is none of that name.
    func profile(_ name: String) -> Profile? {
        profiles[name].map { Profile(name: name, settings: $0) }
    }
}

/// One profile's settings.
struct Profile {
    let name: String
    private let settings: [String: ProfileFile.Setting]

    init(name: String, settings: [String: ProfileFile.Setting]) {
        self.name = name
        self.settings = settings
    }

    /// The setting; an empty one counts as not there.
    subscript(_ key: String) -> ProfileFile.Setting? {
        settings[key].flatMap { $0.value.isEmpty ? nil : $0 }
    }

    /// The first of those settings that is there, with its name.
    func first(of keys: [String]) -> (name: String, setting: ProfileFile.Setting)? {
        for key in keys {
            if let setting = self[key] { return (key, setting) }
        }
        return nil
    }

    /// Keys that stand in the profile itself.
    func staticKeys() throws(S3Error) -> S3Credentials? {
        guard let accessKeyID = self["aws_access_key_id"] else { return nil }
        let origin = "\(accessKeyID.path), profile \(name)"
        guard let secretAccessKey = self["aws_secret_access_key"] else {
            throw .invalidCredentials(origin: origin, reason: "aws_secret_access_key is missing")
        }
        return S3Credentials(
            accessKeyID: accessKeyID.value, secretAccessKey: Secret(secretAccessKey.value),
            sessionToken: self["aws_session_token"].map { Secret($0.value) }, origin: origin)
    }
}
