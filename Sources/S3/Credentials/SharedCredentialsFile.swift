// SPDX-License-Identifier: Apache-2.0

import Secret

/// The INI form of AWS's shared credentials file.
///
/// Shape: `[profile]` lines, below them `name = value`; `#` and `;` begin a comment line. Other names than the three
/// that we use are left alone, as other tools keep theirs there.
/// Source: "Configuration and credential file settings" in the user guide of the AWS CLI.
struct SharedCredentialsFile {
    private let path: String
    private var profiles: [String: [String: String]] = [:]

    init(parsing text: String, path: String) throws(S3Error) {
        self.path = path
        var profile: String?
        for (index, line) in text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
            .enumerated()
        {
            let line = Self.trimmed(line)
            if line.isEmpty || line.hasPrefix("#") || line.hasPrefix(";") { continue }
            if line.hasPrefix("["), line.hasSuffix("]") {
                profile = Self.trimmed(line.dropFirst().dropLast())
                continue
            }
            guard let equals = line.firstIndex(of: "="), let profile else {
                throw .invalidCredentials(
                    origin: "\(path):\(index + 1)", reason: "neither a [profile] nor 'name = value' under one"
                )
            }
            let name = Self.trimmed(line[..<equals]).lowercased()
            profiles[profile, default: [:]][name] = Self.trimmed(line[line.index(after: equals)...])
        }
    }

    /// nil if there is no such profile, or it holds no access key.
    func credentials(profile: String) throws(S3Error) -> S3Credentials? {
        guard let settings = profiles[profile], let accessKeyID = settings["aws_access_key_id"],
            !accessKeyID.isEmpty
        else { return nil }
        let origin = "\(path), profile \(profile)"
        guard let secretAccessKey = settings["aws_secret_access_key"], !secretAccessKey.isEmpty else {
            throw .invalidCredentials(origin: origin, reason: "aws_secret_access_key is missing")
        }
        let token = settings["aws_session_token"].flatMap { $0.isEmpty ? nil : Secret($0) }
        return S3Credentials(
            accessKeyID: accessKeyID, secretAccessKey: Secret(secretAccessKey), sessionToken: token,
            origin: origin)
    }

    private static func trimmed(_ text: some StringProtocol) -> String {
        let isBlank: (Character) -> Bool = { $0 == " " || $0 == "\t" }
        let reversed = text.drop(while: isBlank).reversed().drop(while: isBlank)
        return String(String(reversed).reversed())
    }
}
