// SPDX-License-Identifier: Apache-2.0

/// What a peer said when it ended TLS: the number of its alert, and what that means for whoever would try again.
///
/// Source: RFC 8446, section 6, and IANA's "TLS Alerts".
struct TLSAlert: Equatable {
    let number: UInt8

    enum Meaning: Equatable {
        /// It looked at our certificate, or missed one: the same certificate is refused again.
        case certificateRefused
        /// The two configurations have nothing in common, whenever they meet.
        case nothingInCommon
        /// The peer, or something on the way, could not go on with this connection. The next one may do.
        case lostConnection
    }

    /// The default is the harmless case: a peer that reloads sends `internal_error`, `unrecognized_name` or, without a certificate to
    /// show, `handshake_failure` for a second, and an alert that nobody knows says nothing about the next connection. Whatever lasts is
    /// told by the pre-flight, after its half minute of attempts, in the same words.
    var meaning: Meaning {
        switch number {
        // bad_certificate, unsupported_certificate, certificate_revoked, certificate_expired, certificate_unknown, unknown_ca,
        // access_denied (a valid certificate that may not), certificate_required.
        case 42, 43, 44, 45, 46, 48, 49, 116: .certificateRefused
        // protocol_version, insufficient_security, no_application_protocol: of two settings, not of a moment.
        case 70, 71, 120: .nothingInCommon
        default: .lostConnection
        }
    }

    /// `alert 80 (internal_error)`
    var text: String { "alert \(number)" + (Self.names[number].map { " (\($0))" } ?? "") }

    private static let names: [UInt8: String] = [
        0: "close_notify", 10: "unexpected_message", 20: "bad_record_mac", 22: "record_overflow",
        40: "handshake_failure", 42: "bad_certificate", 43: "unsupported_certificate",
        44: "certificate_revoked", 45: "certificate_expired", 46: "certificate_unknown",
        47: "illegal_parameter", 48: "unknown_ca", 49: "access_denied", 50: "decode_error",
        51: "decrypt_error", 70: "protocol_version", 71: "insufficient_security", 80: "internal_error",
        86: "inappropriate_fallback", 90: "user_canceled", 109: "missing_extension",
        110: "unsupported_extension", 112: "unrecognized_name", 113: "bad_certificate_status_response",
        115: "unknown_psk_identity", 116: "certificate_required", 120: "no_application_protocol",
    ]
}

extension TLSAlert {
    /// The alert in libcurl's text, which cites OpenSSL's error: `error:0A000438:SSL routines::tlsv1 alert internal error`.
    ///
    /// The eight digits count, not the words: their lowest twelve bits are the reason, in OpenSSL 1.1 as in 3, and the reasons from
    /// `SSL_AD_REASON_OFFSET` on are the alerts that a peer sent. nil: another error, or one that OpenSSL does not tell by a number.
    init?(openSSLText text: String) {
        let library: UInt32 = 20
        guard let mark = text.firstRange(of: Self.mark) else { return nil }
        let digits = text[mark.upperBound...].prefix(8)
        guard digits.utf8.count == 8, let code = UInt32(digits, radix: 16),
            code >> 24 == library || code >> 23 == library,
            let number = UInt8(exactly: Int(code & 0xFFF) - Self.offset)
        else { return nil }
        self.init(number: number)
    }

    private static let mark = "error:"
    /// OpenSSL's `SSL_AD_REASON_OFFSET`, a macro that Swift does not see with its comment: `ssl.h`.
    private static let offset = 1000
}
