// SPDX-License-Identifier: Apache-2.0

import HiddenCharacters

/// One of AWS's shared files that lies nowhere: its bytes came with the work.
public struct SharedFileText: Sendable {
    private let profiles: [String: [String: ProfileFile.Setting]]

    /// - Parameters:
    ///   - path: where the file lay, for messages; a file called `config` heads its profiles as `~/.aws/config` does.
    /// - Throws: `S3Error.invalidCredentials` naming file and line.
    public init(parsing bytes: [UInt8], path: String) throws(S3Error) {
        let isConfiguration = path.split(separator: "/").last == "config"
        profiles = try ProfileFile(
            parsing: String(decoding: TextForm.withoutMark(bytes), as: UTF8.self), path: path,
            kind: isConfiguration ? .configuration : .credentials
        ).profiles
    }

    /// Whether it has a program run: whoever wrote the file commands the machine that reads it.
    public var runsPrograms: Bool { profiles.values.contains { $0["credential_process"] != nil } }

    /// Whether the profile `default`, else the only one, of such files together has keys in them, its own or those of whatever a role of it
    /// is asked for with: then nothing but the files is needed.
    public static func leadToKeys(_ texts: [SharedFileText]) -> Bool {
        let profiles = texts.reduce(into: [String: [String: ProfileFile.Setting]]()) { all, text in
            all.merge(text.profiles) { $0.merging($1) { first, _ in first } }
        }
        var name = profiles["default"] == nil && profiles.count == 1 ? profiles.keys.first : "default"
        var seen: Set<String> = []
        while let next = name, seen.insert(next).inserted, let settings = profiles[next] {
            let profile = Profile(name: next, settings: settings)
            let hasKeys = profile["aws_access_key_id"] != nil && profile["aws_secret_access_key"] != nil
            guard profile["role_arn"] != nil else { return hasKeys }
            guard profile["web_identity_token_file"] == nil else { return false }
            name = profile["source_profile"]?.value
            if name == next { return hasKeys }
        }
        return false
    }

    /// The keys that stand in it: of the profile `default`, else of the only one. Nothing is asked for, and nothing is run.
    public func keys() throws(S3Error) -> S3Credentials? {
        let name = profiles["default"] == nil && profiles.count == 1 ? profiles.keys.first : "default"
        guard let name, let settings = profiles[name] else { return nil }
        return try Profile(name: name, settings: settings).staticKeys()
    }
}
