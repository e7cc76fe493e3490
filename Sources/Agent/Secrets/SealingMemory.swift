// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import Files

/// What the agent remembers of the secrets that it sealed last (`<stateDirectory>/secrets.json`, for root alone): enough to tell
/// whether anything has changed, and nothing that anybody could guess a passphrase by without this file.
///
/// It may be lost: everything is then sealed once more.
struct SealingMemory: Codable, Sendable, Equatable {
    private var format: Int
    /// 32 random bytes, hexadecimal: of the version that was sealed last.
    var fingerprintKey: String
    /// As the node record has it.
    var sealed: SealedRecord
    /// Mode and owner, by path.
    var attributes: [String: String]
    /// Of the cluster that it was sealed for; nil: it had none, or an older agent wrote this.
    var clusterID: String?
    /// Who had certified the signer (`CertificateFacts.keyFingerprint`); nil: nobody knows, or an older agent wrote this.
    var issuer: String?

    private static let fileByteCountLimit = 4 << 20

    init(
        fingerprintKey: String, sealed: SealedRecord, files: [SealedFile], clusterID: String? = nil,
        issuer: String? = nil
    ) {
        format = WireJSON.format
        self.fingerprintKey = fingerprintKey
        self.sealed = sealed
        attributes = Self.attributes(of: files)
        self.clusterID = clusterID
        self.issuer = issuer
    }

    private static func file(_ stateDirectory: String) -> String { "\(stateDirectory)/secrets.json" }

    /// nil: nothing was sealed, or nobody knows. Blocks.
    static func load(_ stateDirectory: String) -> SealingMemory? {
        let path = file(stateDirectory)
        guard let (bytes, _) = try? FileSystem.readRegular(path, limit: fileByteCountLimit) else {
            return nil
        }
        return try? WireJSON.read(from: bytes, what: path)
    }

    func save(_ stateDirectory: String) throws {
        try FileSystem.writeAtomically(Self.file(stateDirectory), WireJSON.document(self), mode: 0o600)
    }

    /// What is not as it was sealed, by path: changed, new, or there no more.
    func changes(_ files: [SealedFile]) -> [String] {
        let now = Dictionary(files.map { ($0.path, $0.fingerprint(key: fingerprintKey)) }) { first, _ in first
        }
        let then = Dictionary(sealed.files.map { ($0.path, $0.fingerprint) }) { first, _ in first }
        let ofContent = Set(now.keys).union(then.keys).filter { now[$0] != then[$0] }
        let own = Self.attributes(of: files)
        let ofAttributes = own.keys.filter { attributes[$0] != own[$0] }
        return ofContent.union(ofAttributes).sorted()
    }

    /// The same for a job or a question of these configurations alone. Keys of an `amanda.conf` are the self-backup's where it has some:
    /// who does not see it cannot say that those that are sealed have changed.
    func changes(
        _ files: [SealedFile], seenBy configurations: [CheckedConfiguration], _ settings: AgentSettings
    ) -> [String] {
        let path = ChangerCredentials(settings: settings).path
        let isKept =
            sealed.files.contains { $0.path == path }
            && !configurations.contains { $0.choice.role == .selfBackup }
        return changes(files).filter { !isKept || $0 != path }
    }

    /// Versions of which all keys are in these files, as the last one says of itself and of those before it.
    func superseded(by files: [SealedFile]) -> [SealedVersion] {
        let now = Dictionary(files.map { ($0.path, $0.fingerprint(key: fingerprintKey)) }) { first, _ in first
        }
        let isKept = sealed.files.allSatisfy { $0.kind != .encryption || now[$0.path] == $0.fingerprint }
        guard isKept, let version = sealed.version else { return [] }
        let all = (sealed.supersedes ?? []) + [version]
        // The first says how far back these keys reach.
        return all.prefix(1) + all.dropFirst().suffix(SealedRecord.supersededLimit - 1)
    }

    private static func attributes(of files: [SealedFile]) -> [String: String] {
        Dictionary(
            files.map {
                ($0.path, "\(String($0.mode, radix: 8)) \($0.user):\($0.group) \($0.userID):\($0.groupID)")
            }
        ) { first, _ in first }
    }
}
