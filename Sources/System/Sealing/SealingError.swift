// SPDX-License-Identifier: Apache-2.0

import Certificates
@_exported public import Faults

/// What can be wrong with a recovery key, or with what is sealed or signed.
public enum SealingError: Fault, Hashable {
    /// A certificate or key, from `source`, that holds nothing readable of that `kind`.
    case unreadable(source: String, kind: String, reason: String)

    /// A kind of key that cannot receive what is sealed, such as `ED25519` or `RSA of 2048 bits`.
    case unusableKey(source: String, kind: String)

    /// A certificate whose key usage keeps others from sealing to it.
    case unusableCertificate(source: String, subject: String, reason: String)

    /// A key and a certificate in one text that do not belong together.
    case keyMismatch(source: String)

    /// A key that only its passphrase opens.
    case passphraseNeeded(source: String)

    /// A passphrase that opens nothing.
    case wrongPassphrase(source: String)

    /// A passphrase that libcrypto would cut or not take.
    case unusablePassphrase(reason: String)

    /// Nobody to seal to.
    case noRecipients

    /// Sealed, but not to this key.
    case notForThisKey

    /// Bytes that are not what they should be (`what`), or not any more.
    case damaged(what: String, reason: String)

    /// A signature of somebody in whom none of the authorities believes.
    case foreignSigner(subject: String)

    /// Longer than anything of ours is.
    case tooLong(byteCount: Int, limit: Int)

    /// A call into libcrypto that failed, with libcrypto's own words.
    case libcrypto(call: String, reason: String)
}

extension SealingError {
    public var kind: FaultKind {
        switch self {
        case .damaged, .tooLong: .damaged
        case .foreignSigner: .authentication
        case .unreadable, .unusableKey, .unusableCertificate, .keyMismatch, .passphraseNeeded,
            .wrongPassphrase,
            .unusablePassphrase, .noRecipients, .notForThisKey:
            .configuration
        case .libcrypto: .failed
        }
    }

    public var facts: String { text.facts }
    public var hint: String? { text.hint }

    private var text: FaultText {
        switch self {
        case .unreadable(let source, let kind, let reason):
            "\(source) holds no \(kind) in PEM that can be used: \(reason)"
        case .unusableKey(let source, let kind):
            FaultText(
                "\(source): nothing can be sealed to a key of this kind: \(kind)",
                hint: "use a key on the curve P-256 or P-384, or RSA of 3072 bits or more.")
        case .unusableCertificate(let source, let subject, let reason):
            FaultText(
                "\(source): nothing can be sealed to the certificate of \(subject): \(reason)",
                hint: "'amfleet recovery add' makes a key and its certificate.")
        case .keyMismatch(let source):
            FaultText(
                "\(source): the private key is not that of the certificate beside it",
                hint: "give a file with the key alone, or with its own certificate.")
        case .passphraseNeeded(let source):
            FaultText(
                "\(source): the key is behind a passphrase",
                hint: "give it at the terminal, or in a file with --recovery-passphrase-file.")
        case .wrongPassphrase(let source):
            "\(source): the passphrase does not open the key, or the key's text is damaged"
        case .unusablePassphrase(let reason):
            "the passphrase cannot be used: \(reason)"
        case .noRecipients:
            "there is no recovery certificate to seal to"
        case .notForThisKey:
            FaultText(
                "it is not sealed to this recovery key",
                hint:
                    "give the kit that was in use when it was sealed; 'amfleet recovery check --recovery-key KIT' says which key opens what."
            )
        case .damaged(let what, let reason):
            "\(what) is damaged: \(reason)"
        case .foreignSigner(let subject):
            "it is signed by \(subject), whom none of the cluster's authorities has certified"
        case .tooLong(let byteCount, let limit):
            "it has \(byteCount) bytes, more than \(limit)"
        case .libcrypto(let call, let reason):
            "\(call) failed: \(reason)"
        }
    }

    /// What the certificates' own module found.
    init(_ error: CertificateError, source: String, kind: String) {
        switch error {
        case .notPEM(_, _, let reason): self = .unreadable(source: source, kind: kind, reason: reason)
        case .libcrypto(let call, let reason): self = .libcrypto(call: call, reason: reason)
        default: self = .unreadable(source: source, kind: kind, reason: error.facts)
        }
    }

    /// A call into libcrypto that has just failed.
    static func failure(of call: String) -> SealingError {
        .libcrypto(call: call, reason: LibcryptoErrors.take())
    }
}
