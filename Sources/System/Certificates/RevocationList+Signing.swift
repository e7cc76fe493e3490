// SPDX-License-Identifier: Apache-2.0

import COpenSSL
import Glibc

extension RevocationList {
    /// Has `authority` sign a list.
    ///
    /// - Parameters:
    ///   - entries: all that are revoked: the new list replaces the older ones.
    ///   - number: higher than that of every older list.
    ///   - now: seconds since 1970.
    public init(
        _ entries: [Entry], number: Int64, now: Int64, signedBy authority: CertificateAuthority
    ) throws(CertificateError) {
        guard Self.numbers.contains(number) else { throw .unusableList(reason: "\(number) is no number") }
        let list = try RevocationListHandle()
        try list.fillAndSign(entries.sorted { $0.serial < $1.serial }, number: number, now: now, authority)
        guard let read = try RevocationList(pem: list.pem(), authorities: [authority.certificatePEM]) else {
            throw .unusableList(reason: "its signature does not hold")
        }
        self = read
    }
}

extension RevocationListHandle {
    fileprivate func fillAndSign(
        _ entries: [RevocationList.Entry], number: Int64, now: Int64, _ authority: CertificateAuthority
    ) throws(CertificateError) {
        LibcryptoErrors.clear()
        let issuer = try X509Handle(pem: authority.certificatePEM, source: "the authority's certificate")
        let key = try PrivateKeyHandle(pem: authority.privateKeyPEM, source: "the authority's key")
        try require("X509_CRL_set_version", X509_CRL_set_version(pointer, Int(X509_CRL_VERSION_2)))
        let name = X509_get_subject_name(issuer.pointer)
        try require("X509_CRL_set_issuer_name", X509_CRL_set_issuer_name(pointer, name))
        let time = ASN1_TIME_set(nil, time_t(now))
        defer { ASN1_TIME_free(time) }
        try require("X509_CRL_set1_lastUpdate", X509_CRL_set1_lastUpdate(pointer, time))
        for entry in entries { try add(entry) }
        try add(NID_authority_key_identifier, "keyid:always", issuer)
        let integer = ASN1_INTEGER_new()
        defer { ASN1_INTEGER_free(integer) }
        try require("ASN1_INTEGER_set_int64", ASN1_INTEGER_set_int64(integer, number))
        try require(
            "X509_CRL_add1_ext_i2d", X509_CRL_add1_ext_i2d(pointer, NID_crl_number, integer, 0, 0))
        try require("X509_CRL_sort", X509_CRL_sort(pointer))
        try require("X509_CRL_sign", X509_CRL_sign(pointer, key.pointer, EVP_sha256()))
    }

    private func add(_ entry: RevocationList.Entry) throws(CertificateError) {
        var number: OpaquePointer?
        guard !entry.serial.isEmpty, Int(BN_hex2bn(&number, entry.serial)) == entry.serial.utf8.count else {
            throw .unusableList(reason: "'\(entry.serial)' is no serial")
        }
        defer { BN_free(number) }
        let serial = BN_to_ASN1_INTEGER(number, nil)
        defer { ASN1_INTEGER_free(serial) }
        let time = ASN1_TIME_set(nil, time_t(entry.revokedAt))
        defer { ASN1_TIME_free(time) }
        let revoked = X509_REVOKED_new()
        try require("X509_REVOKED_set_serialNumber", X509_REVOKED_set_serialNumber(revoked, serial))
        try require("X509_REVOKED_set_revocationDate", X509_REVOKED_set_revocationDate(revoked, time))
        try require("X509_CRL_add0_revoked", X509_CRL_add0_revoked(pointer, revoked))
    }

    private func add(
        _ identifier: Int32, _ value: String, _ issuer: borrowing X509Handle
    ) throws(CertificateError) {
        guard let part = openssl_make_list_extension(issuer.pointer, pointer, identifier, value) else {
            throw LibcryptoErrors.failure(of: "X509V3_EXT_conf_nid")
        }
        defer { X509_EXTENSION_free(part) }
        try require("X509_CRL_add_ext", X509_CRL_add_ext(pointer, part, -1))
    }

    private func require(_ call: String, _ outcome: Int32) throws(CertificateError) {
        guard outcome > 0 else { throw LibcryptoErrors.failure(of: call) }
    }
}
