// SPDX-License-Identifier: Apache-2.0

import COpenSSL
import Glibc

extension X509Handle {
    /// Fills the empty certificate and signs it. Without an `issuer` it is self-signed.
    ///
    /// - Parameter key: the subject's, of which the public half is taken.
    package func fillAndSign(
        _ profile: CertificateProfile, key: OpaquePointer?, validity: CertificateValidity,
        issuer: OpaquePointer?, issuerKey: OpaquePointer
    ) throws(CertificateError) {
        LibcryptoErrors.clear()
        let issuer = issuer ?? pointer
        try require("X509_set_version", X509_set_version(pointer, Int(X509_VERSION_3)))
        try setRandomSerial()
        try setSubject(organization: profile.organization, commonName: profile.commonName)
        try require("X509_set_issuer_name", X509_set_issuer_name(pointer, X509_get_subject_name(issuer)))
        let begins = ASN1_TIME_set(X509_getm_notBefore(pointer), time_t(validity.notBefore))
        let ends = ASN1_TIME_set(X509_getm_notAfter(pointer), time_t(validity.notAfter))
        try require("ASN1_TIME_set", begins != nil && ends != nil ? 1 : 0)
        try require("X509_set_pubkey", X509_set_pubkey(pointer, key))
        try addExtensions(profile, issuer: issuer)
        try require("X509_sign", X509_sign(pointer, issuerKey, EVP_sha256()))
    }

    private func addExtensions(_ profile: CertificateProfile, issuer: OpaquePointer) throws(CertificateError)
    {
        try add(NID_basic_constraints, profile.basicConstraints, issuer: issuer)
        try add(NID_key_usage, profile.keyUsage, issuer: issuer)
        try add(NID_subject_key_identifier, "hash", issuer: issuer)
        if issuer != pointer {
            try add(NID_authority_key_identifier, "keyid:always", issuer: issuer)
        }
        if let usage = profile.extendedKeyUsage {
            try add(NID_ext_key_usage, usage, issuer: issuer)
        }
        if let names = profile.subjectAlternativeName {
            try add(NID_subject_alt_name, names, issuer: issuer)
        }
    }

    private func add(_ identifier: Int32, _ value: String, issuer: OpaquePointer) throws(CertificateError) {
        guard let part = openssl_make_extension(issuer, pointer, identifier, value) else {
            throw LibcryptoErrors.failure(of: "X509V3_EXT_conf_nid")
        }
        defer { X509_EXTENSION_free(part) }
        try require("X509_add_ext", X509_add_ext(pointer, part, -1))
    }

    /// 128 random bits. The top one is cleared and the next one set, so that every serial has 16 bytes and is positive.
    private func setRandomSerial() throws(CertificateError) {
        var bytes = [UInt8](repeating: 0, count: 16)
        try require("RAND_bytes", RAND_bytes(&bytes, Int32(bytes.count)))
        bytes[0] = bytes[0] & 0x7F | 0x40
        let number = BN_bin2bn(bytes, Int32(bytes.count), nil)
        defer { BN_free(number) }
        let serial = BN_to_ASN1_INTEGER(number, nil)
        defer { ASN1_INTEGER_free(serial) }
        try require("X509_set_serialNumber", X509_set_serialNumber(pointer, serial))
    }

    private func setSubject(organization: String, commonName: String) throws(CertificateError) {
        let subject = X509_get_subject_name(pointer)
        for (field, text) in [("O", organization), ("CN", commonName)] {
            try require(
                "X509_NAME_add_entry_by_txt",
                X509_NAME_add_entry_by_txt(
                    subject, field, MBSTRING_UTF8, Array(text.utf8), Int32(text.utf8.count), -1, 0))
        }
    }

    private func require(_ call: String, _ outcome: Int32) throws(CertificateError) {
        guard outcome > 0 else { throw LibcryptoErrors.failure(of: call) }
    }
}
