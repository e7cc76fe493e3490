// SPDX-License-Identifier: Apache-2.0

public import Files
public import Secret

/// A certificate and its private key in two files, replaced so that whatever ends the process leaves a pair that works.
///
/// The new key lies in `KEY.new` from the request on; `CERTIFICATE.new`, written when all is checked, is the decision. Then the key is
/// renamed, then the certificate: where that was cut short, `recover` finds `CERTIFICATE.new` beside the key that it belongs to, old
/// place or new, and ends it. Everything is synchronised. Links are followed: what they lead to is replaced.
public struct IdentityFiles: Sendable {
    /// PEM files.
    public let certificate: String
    public let privateKey: String

    private static let privateKeyMode: UInt32 = 0o600

    /// Looks where the paths lead to. Blocks, as everything here.
    public init(certificate: String, privateKey: String) {
        self.certificate = FileSystem.realPath(certificate)
        self.privateKey = FileSystem.realPath(privateKey)
    }

    var newCertificate: String { "\(certificate).new" }
    var newPrivateKey: String { "\(privateKey).new" }

    /// Puts a key beside the present one, for which a certificate is to be asked. One that waits there already is replaced.
    public func prepare(_ privateKeyPEM: Secret) throws(FilesError) {
        try FileSystem.writeAtomically(
            newPrivateKey, Array(privateKeyPEM.plaintext.utf8), mode: Self.privateKeyMode)
    }

    /// Puts a certificate in place, and the key that waits for it.
    ///
    /// - Parameter check: throws where the certificate must not be shown.
    /// - Throws: `CertificateError.keyMismatch` where no key waits that it belongs to; nothing has changed then.
    public func install(
        certificatePEM: String, _ check: (CertificateFacts) throws -> Void
    ) throws {
        let facts = try CertificateFacts(pem: certificatePEM)
        guard let waiting = try Self.key(newPrivateKey), try facts.isOf(waiting) else {
            throw CertificateError.keyMismatch(subject: facts.subject)
        }
        try check(facts)
        let mode = try FileSystem.status(certificate)?.mode ?? 0o644
        try FileSystem.writeAtomically(newCertificate, Array(facts.pem().utf8), mode: mode)
        try replace()
    }

    /// Whether a change was decided and not ended, by a process that is gone or is about to.
    public var isUnfinished: Bool {
        get throws(FilesError) { try FileSystem.isPresent(newCertificate) }
    }

    /// Removes what an earlier process had begun to write of them, a key perhaps. Only before this one writes, and while no other does.
    ///
    /// - Returns: what was removed.
    @discardableResult public func removeAbandoned(includingOwn: Bool) -> [String] {
        FileSystem.removeAbandoned(
            [certificate, privateKey, newCertificate, newPrivateKey], includingOwn: includingOwn)
    }

    /// Ends what a process began that is gone.
    ///
    /// - Returns: whether anything was left to be done.
    @discardableResult public func recover() throws -> Bool {
        guard try isUnfinished else { return false }
        let facts = try? CertificateFacts(contentsOf: newCertificate)
        if let facts, try Self.isKey(newPrivateKey, of: facts) {
            try replace()
        } else if let facts, try Self.isKey(privateKey, of: facts) {
            try FileSystem.rename(newCertificate, to: certificate)
            try synchronise(certificate)
        } else {
            // Of no key that is here: the pair in place is the one that counts.
            try FileSystem.remove(newCertificate)
        }
        return true
    }

    private func replace() throws {
        try FileSystem.rename(newPrivateKey, to: privateKey)
        try synchronise(privateKey)
        try FileSystem.rename(newCertificate, to: certificate)
        try synchronise(certificate)
    }

    private func synchronise(_ path: String) throws(FilesError) {
        try FileSystem.synchroniseDirectory(FileSystem.parentDirectory(of: path))
    }

    /// What is there and is no key is not the certificate's either: the pair in place is judged by whoever reads it.
    private static func isKey(_ path: String, of facts: CertificateFacts) throws -> Bool {
        guard let key = try key(path) else { return false }
        return (try? facts.isOf(key)) ?? false
    }

    private static func key(_ path: String) throws -> Secret? {
        guard try FileSystem.isPresent(path) else { return nil }
        return Secret(String(decoding: try FileSystem.readAll(path, limit: 1 << 20), as: UTF8.self))
    }
}
