// SPDX-License-Identifier: Apache-2.0

/// The certificates that one authority has taken back, as it has signed them; numbered, and only ever growing.
///
/// Shape: an X.509 list, version 2 (RFC 5280, section 5), signed with SHA-256, with the extensions "CRL number" and "authority
/// key identifier", and without a next update: it holds until a higher number comes.
public struct RevocationList: Sendable, Hashable {
    /// One certificate.
    public struct Entry: Sendable, Hashable {
        /// Hexadecimal, lower case, as `CertificateFacts` has it.
        public let serial: String
        /// Seconds since 1970.
        public let revokedAt: Int64

        /// - Parameter serial: as `CertificateSerial.text` gives it.
        public init(serial: String, revokedAt: Int64) {
            self.serial = serial
            self.revokedAt = revokedAt
        }
    }

    /// What a list's number can be.
    static let numbers: ClosedRange<Int64> = 1...(1 << 53)

    /// Whose it is: the `keyFingerprint` of the authority.
    public let authority: String
    /// A higher one replaces a lower one.
    public let number: Int64
    /// By serial.
    public let entries: [Entry]
    /// As it is kept and sent.
    public let pem: String

    /// Reads a list that one of `authorities` has signed.
    ///
    /// - Returns: nil for a list of somebody else.
    /// - Throws: `CertificateError.unusableList`
    init?(pem: String, authorities: [String]) throws(CertificateError) {
        let list = try RevocationListHandle(pem: pem)
        var signer: String?
        for authority in authorities where signer == nil {
            let certificate = try X509Handle(pem: authority, source: "the authority's certificate")
            if list.isSigned(by: certificate) { signer = try CertificateFacts(certificate).keyFingerprint }
        }
        guard let signer else { return nil }
        guard let number = list.number else { throw .unusableList(reason: "it has no number") }
        self.authority = signer
        self.number = number
        entries = list.entries
        self.pem = try list.pem()
    }
}
