// SPDX-License-Identifier: Apache-2.0

import COpenSSL
import Certificates
import Secret

/// The private half: the one secret that the operator keeps, and which opens everything that is sealed to its certificate.
///
/// A value: the key is held as PEM and parsed for each use, so nothing of libcrypto's outlives a call.
public struct RecoveryKey: Sendable {
    /// Where the text that it was read from held it.
    public let certificate: RecoveryCertificate?
    /// PKCS#8, not encrypted.
    let keyPEM: Secret

    private static let validityDays = 30 * 365 + 7

    /// A new key on P-256 and a certificate of its own, made to last.
    ///
    /// - Parameter cluster: stands in the certificate's subject, for people.
    public static func create(cluster: String) throws(SealingError) -> RecoveryKey {
        do throws(CertificateError) {
            let key = try PrivateKeyHandle()
            let certificate = try X509Handle()
            let profile = CertificateProfile(
                organization: cluster, commonName: "amfleet recovery key",
                basicConstraints: "critical,CA:FALSE", keyUsage: "critical,keyAgreement")
            try certificate.fillAndSign(
                profile, key: key.pointer, validity: CertificateValidity(days: validityDays), issuer: nil,
                issuerKey: key.pointer)
            return try made(certificate.pem(), key.pem())
        } catch {
            throw SealingError(error, source: "the new recovery key", kind: "private key")
        }
    }

    private static func made(_ certificate: String, _ key: Secret) throws(CertificateError) -> RecoveryKey {
        do {
            return RecoveryKey(
                certificate: try RecoveryCertificate(pem: certificate, source: "the new certificate"),
                keyPEM: key)
        } catch {
            throw .unusableRequest(reason: error.facts)
        }
    }

    init(certificate: RecoveryCertificate?, keyPEM: Secret) {
        self.certificate = certificate
        self.keyPEM = keyPEM
    }

    /// Whether it opens what is sealed to `certificate`.
    public func opens(_ certificate: RecoveryCertificate) -> Bool {
        guard let key = try? handle(), let other = try? certificate.handle() else { return false }
        return EVP_PKEY_eq(key.pointer, X509_get0_pubkey(other.pointer)) == 1
    }

    /// The key for libcrypto.
    func handle() throws(SealingError) -> PrivateKeyHandle {
        do {
            return try PrivateKeyHandle(pem: keyPEM, source: "the recovery key")
        } catch {
            throw SealingError(error, source: "the recovery key", kind: "private key")
        }
    }
}
