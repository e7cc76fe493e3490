// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import AmandaFormat
import Files
import S3
import Secret

/// Keys to the cluster's store that stand in an `amanda.conf` and nowhere else, as a file of them: that `amanda.conf` lies in the
/// self-backup, which a machine that has nothing could only read with them.
///
/// Shape: as `~/.aws/credentials`. It is sealed under a name that is no file of any machine, and never put back: with the self-backup
/// the keys are there again.
struct ChangerCredentials: Sendable {
    private static let name = "amanda.conf.s3-keys"

    let settings: AgentSettings

    var path: String { "/" + (settings.amandaDirectory.pathNames + [Self.name]).joined(separator: "/") }

    /// - Parameter files: what is sealed besides; nil is returned where a file among them has keys.
    func file(_ configurations: [CheckedConfiguration], besides files: [SealedFile]) -> SealedFile? {
        let hasKeys = files.contains { file in
            file.kind == .credentials
                && (try? SharedFileText(parsing: file.content, path: file.path).keys()) != nil
        }
        guard !hasKeys else { return nil }
        let (own, others) = (
            configurations.filter { $0.choice.role == .selfBackup },
            configurations.filter { $0.choice.role != .selfBackup }
        )
        let found = (own + others).lazy.flatMap(\.stores).filter { $0.store.record == nil }
            .compactMap { S3Credentials(deviceProperties: $0.changer) }.first
        guard let found else { return nil }
        var lines = [
            "[default]", "aws_access_key_id = \(found.accessKeyID)",
            "aws_secret_access_key = \(found.secretAccessKey.plaintext)",
        ]
        if let token = found.sessionToken { lines.append("aws_session_token = \(token.plaintext)") }
        let text = lines.map { "\($0)\n" }.joined()
        return SealedFile(
            path: path, kind: .credentials, mode: 0o600, user: "root", group: "root", userID: 0, groupID: 0,
            content: Array(text.utf8))
    }
}
