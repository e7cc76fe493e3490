// SPDX-License-Identifier: Apache-2.0

/// How a certificate's serial number is written.
public enum CertificateSerial {
    /// RFC 5280, section 4.1.2.2: 20 bytes at most.
    private static let longestDigitCount = 40

    /// Reads a serial as `openssl x509 -serial` and others print it: hexadecimal, in either case, with colons or without, after
    /// `serial=` or `0x`.
    ///
    /// - Returns: digits in lower case, an even number of them, as `CertificateFacts` has them; nil for anything else.
    public static func text(_ text: String) -> String? {
        var digits = text.lowercased()[...]
        for start in ["serial=", "0x"] where digits.hasPrefix(start) {
            digits = digits.dropFirst(start.count)
        }
        let plain = digits.replacing(":", with: "")
        guard !plain.isEmpty, plain.utf8.count <= longestDigitCount, plain.utf8.allSatisfy(isDigit) else {
            return nil
        }
        return (plain.utf8.count % 2 == 0 ? "" : "0") + String(plain)
    }

    private static func isDigit(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
            || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains(byte)
    }
}
