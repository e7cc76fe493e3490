// SPDX-License-Identifier: Apache-2.0

import COpenSSL

/// The URIs and DNS names of a certificate.
///
/// A name that is not ASCII or holds a NUL keeps its place as `""`, which is no valid name: a certificate with one
/// good URI and one hidden behind a NUL must not count as a certificate with one URI.
struct SubjectAlternativeNames {
    private(set) var uris: [String] = []
    private(set) var dnsNames: [String] = []

    init(of certificate: OpaquePointer) {
        self.init(
            freeing: X509_get_ext_d2i(certificate, NID_subject_alt_name, nil, nil).map { OpaquePointer($0) })
    }

    /// What a request for a certificate asks for.
    init(ofRequest request: OpaquePointer) {
        self.init(freeing: openssl_request_names(request))
    }

    private init(freeing names: OpaquePointer?) {
        guard let names else { return }
        defer { GENERAL_NAMES_free(names) }
        for index in 0..<openssl_general_name_count(names) {
            var kind: Int32 = 0
            let value = GENERAL_NAME_get0_value(openssl_general_name(names, index), &kind)
            switch kind {
            case GEN_URI: uris.append(Self.text(value))
            case GEN_DNS: dnsNames.append(Self.text(value))
            default: break
            }
        }
    }

    private static func text(_ value: UnsafeMutableRawPointer?) -> String {
        let string = value?.assumingMemoryBound(to: ASN1_STRING.self)
        let bytes = UnsafeBufferPointer(
            start: ASN1_STRING_get0_data(string), count: Int(ASN1_STRING_length(string)))
        guard bytes.allSatisfy({ $0 > 0 && $0 < 128 }) else { return "" }
        return String(decoding: bytes, as: UTF8.self)
    }
}
