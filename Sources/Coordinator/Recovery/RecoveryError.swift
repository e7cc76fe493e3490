// SPDX-License-Identifier: Apache-2.0

public import AgentAPI

/// What keeps the recovery key, or what is sealed to it, from being used.
public enum RecoveryError: Fault, Equatable {
    /// `cluster.json` names no recovery certificate.
    case noRecoveryKey(file: String)
    /// The key is none of those that `cluster.json` names.
    case unknownKey(source: String, file: String)
    /// Several certificates, and nobody says which one is to go.
    case severalKeys([String])
    /// The passphrase cannot be asked for.
    case nobodyToAsk
    /// Typed twice, and differently.
    case passphrasesDiffer
    case passphraseFile(path: String, reason: FaultText)
    /// A kit is wanted where none can be had.
    case unusableKit(source: String, reason: String)
    /// Somebody else has sealed at the same time, again and again.
    case sealChanged
    /// Another coordinator has sealed since this one did.
    case sealedByAnother

    /// There is no cluster of ours under the prefix.
    case noCluster(place: String)
    /// The cluster is there, and its coordinator never was sealed.
    case notSealed(place: String)
    /// What was found is of another cluster than the kit.
    case otherCluster(what: String, found: String, expected: String)
    /// Nothing leads from the kit's authority to whoever signed.
    case unpinned(authorities: [String])
    /// The certificate that signed was taken back.
    case revokedSigner(serial: String)
    /// Others lie where the files are to come; nothing was written.
    case filesDiffer([String])
    /// Another came into the place of one while they were written.
    case fileCame(String)
    /// What is sealed cannot make a coordinator.
    case unusableSeal(reason: String)
    /// The object that holds the coordinator is not as it was written.
    case damagedSeal(key: String, reason: String)

    public var kind: FaultKind {
        switch self {
        case .noRecoveryKey, .unknownKey, .severalKeys, .nobodyToAsk, .passphrasesDiffer,
            .passphraseFile, .unusableKit, .noCluster, .otherCluster, .filesDiffer, .fileCame,
            .notSealed:
            .configuration
        case .unpinned, .revokedSigner: .authentication
        case .unusableSeal, .damagedSeal: .damaged
        case .sealChanged, .sealedByAnother: .busy
        }
    }

    public var facts: String {
        switch self {
        case .noRecoveryKey(let file): "\(file) names no recovery key"
        case .unknownKey(let source, let file):
            "the key in \(source) is none of those that 'recovery' in \(file) names"
        case .severalKeys(let settings):
            "there are several recovery keys, and one of them is to go: \(settings.joined(separator: ", "))"
        case .nobodyToAsk: "a passphrase is needed, and there is no terminal to ask at"
        case .passphrasesDiffer: "the two passphrases differ: nothing was made"
        case .passphraseFile(let path, let reason): "no passphrase can be had from '\(path)': \(reason.facts)"
        case .unusableKit(let source, let reason): "\(source): \(reason)"
        case .sealedByAnother:
            "another coordinator has sealed its files since this one did: theirs stay, and this one's are not sealed"
        case .sealChanged: "what is sealed of the coordinator was changed by somebody else meanwhile"
        case .noCluster(let place): "no cluster of amfleet has its backups under \(place)"
        case .notSealed(let place):
            "nothing of the coordinator is sealed under \(place): it had no recovery key, or made no backup since"
        case .otherCluster(let what, let found, let expected):
            "\(what) is of cluster \(found), the recovery kit of \(expected)"
        case .unpinned(let authorities):
            "nothing leads from the authority that the recovery kit names to what lies in the bucket"
                + (authorities.isEmpty ? "" : " (\(authorities.joined(separator: ", ")))")
        case .revokedSigner(let serial):
            "the coordinator's certificate that signed it is revoked, serial \(serial)"
        case .filesDiffer(let paths):
            "others lie there already, and nothing was written: \(paths.joined(separator: ", "))"
        case .fileCame(let path): "another came to lie at '\(path)' while the files were written"
        case .unusableSeal(let reason): "what is sealed makes no coordinator: \(reason)"
        case .damagedSeal(let key, let reason): "'\(key)', where the coordinator is sealed: \(reason)"
        }
    }

    public var hint: String? {
        switch self {
        case .noRecoveryKey: "'amfleet recovery add' makes one."
        case .unknownKey:
            "give the kit that belongs to a certificate of cluster.json; 'amfleet recovery check --recovery-key KIT' says what a key opens."
        case .severalKeys:
            "give its kit with --recovery-key, or name its file in cluster.json with --replaces."
        case .nobodyToAsk: "give it with --recovery-passphrase-file FILE."
        case .passphrasesDiffer, .sealChanged: "run it again."
        case .sealedByAnother:
            "find the other one and end it: two of one cluster undo each other's changes. If this one is to stay, 'amfleet recovery seal "
                + "--over-others' puts its files there; a node, a key or an authority that the other alone has is in no seal then."
        case .passphraseFile(_, let reason): reason.hint ?? "its first line is the passphrase."
        case .unusableKit: nil
        case .noCluster: "check the bucket, the prefix and the store: the kit has them as they were."
        case .notSealed:
            "see Docs/OPERATIONS.md, 'A lost coordinator', for how to go on without."
        case .damagedSeal:
            "if the bucket keeps versions, put an older one of it in its place; without, see Docs/OPERATIONS.md, 'A lost coordinator'."
        case .otherCluster: "give this cluster's own kit, or correct s3://BUCKET/PREFIX."
        case .unpinned:
            "somebody else may have put it there. If you have this cluster's ca.pem from a node (/etc/amfleet/ca.pem) and know it to be right, "
                + "give the key alone, without the kit, and compare the fingerprint that is shown."
        case .revokedSigner:
            "if the coordinator was lost before it could seal anew, and nobody else had its key: --accept-revoked-signer."
        case .filesDiffer: "name an empty directory with --directory, or take them away first."
        case .fileCame: "look who else works there, and run it again."
        case .unusableSeal: nil
        }
    }
}
