// SPDX-License-Identifier: Apache-2.0

import Certificates
public import Sealing
public import Secret

/// What `--recovery-key` names: a kit, or a bare key in PEM, with a certificate or without.
///
/// A kit pins the cluster's authority; a bare key does not, and whoever uses it says so.
public struct RecoverySource: Sendable {
    /// Names the text in errors.
    public let source: String
    /// nil: a bare key.
    public let kit: RecoveryKit?
    private let text: Secret

    /// Reads a file of at most 1 MiB. Blocks.
    public static func read(_ path: String) throws(RecoveryKitError) -> RecoverySource {
        let text: String
        do {
            text = try PEMText.read(path, isGiven: true)
        } catch CertificateError.unreadable(let path, let reason) {
            throw .unreadable(path: path, reason: reason)
        } catch {
            throw .unreadable(path: path, reason: FaultText(of: error))
        }
        return try RecoverySource(text: Secret(text), source: "'\(path)'")
    }

    public init(text: Secret, source: String) throws(RecoveryKitError) {
        self.source = source
        self.text = text
        kit = RecoveryKit.isKit(text) ? try RecoveryKit(parsing: text, source: source) : nil
    }

    /// Whether the key needs a passphrase.
    public var isLocked: Bool { RecoveryKey.isLocked(text) }

    /// The key, and the certificate that stands beside it.
    ///
    /// - Parameter passphrase: not looked at where the key has none.
    /// - Throws: `SealingError.passphraseNeeded`, `.wrongPassphrase`, `.unusableKey`, `.keyMismatch`, `.unreadable`
    public func key(passphrase: Secret?) throws(SealingError) -> RecoveryKey {
        try RecoveryKey(pem: text, passphrase: passphrase, source: source)
    }
}
