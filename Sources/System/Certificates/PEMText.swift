// SPDX-License-Identifier: Apache-2.0

import COpenSSL
import Files
import HiddenCharacters

/// PEM text: from a file, and to and from libcrypto's objects.
package enum PEMText {
    /// Longest file that is taken for PEM, so that a device or an archive named by mistake is not read whole.
    package static let longestByteCount = 1 << 20

    /// Reads a file of PEM text.
    ///
    /// - Parameter isGiven: an operator has named it: it may be a pipe, and what people have written around the blocks need be no UTF-8.
    package static func read(_ path: String, isGiven: Bool = false) throws(CertificateError) -> String {
        var bytes: [UInt8]
        do throws(FilesError) {
            bytes =
                isGiven
                ? try FileSystem.readGiven(path, limit: longestByteCount)
                : try FileSystem.readAll(path, limit: longestByteCount)
        } catch {
            throw .unreadable(path: path, reason: FaultText(error.reason, hint: error.hint))
        }
        if isGiven { bytes = TextForm.withoutMark(bytes) }
        let form = TextForm(of: bytes)
        if let what = form.fault, let mend = form.mend(path) {
            throw .unreadable(path: path, reason: "it \(what); run: \(mend)")
        }
        if isGiven { return String(decoding: bytes, as: UTF8.self) }
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw .unreadable(path: path, reason: "not text")
        }
        return text
    }

    /// The blocks of one kind in `text`, such as `CERTIFICATE` or `X509 CRL`, each with its two marks; whatever stands between
    /// is left out.
    package static func blocks(of text: String, kind: String) -> [String] {
        let (begin, end) = ("-----BEGIN \(kind)-----", "-----END \(kind)-----")
        var blocks: [String] = []
        var lines: [Substring]?
        for line in text.split(whereSeparator: \.isNewline) {
            if line == begin { lines = [] }
            lines?.append(line)
            if line == end, let block = lines {
                blocks.append(block.joined(separator: "\n") + "\n")
                lines = nil
            }
        }
        return blocks
    }

    /// Gives `body` a BIO that reads `text`.
    package static func withReader<Result>(_ text: String, _ body: (OpaquePointer?) -> Result) -> Result {
        var text = text
        return text.withUTF8 { bytes in
            let reader = BIO_new_mem_buf(bytes.baseAddress, Int32(clamping: bytes.count))
            defer { BIO_free(reader) }
            return body(reader)
        }
    }

    /// What `body` writes into a BIO.
    package static func written(
        _ call: String, _ body: (OpaquePointer?) -> Int32
    ) throws(CertificateError) -> String {
        let writer = BIO_new(BIO_s_mem())
        defer { BIO_free(writer) }
        guard body(writer) == 1 else { throw LibcryptoErrors.failure(of: call) }
        var bytes = [UInt8](repeating: 0, count: BIO_ctrl_pending(writer))
        let count = BIO_read(writer, &bytes, Int32(clamping: bytes.count))
        defer { bytes.withUnsafeMutableBytes { OPENSSL_cleanse($0.baseAddress, $0.count) } }
        return String(decoding: bytes.prefix(Int(max(count, 0))), as: UTF8.self)
    }
}
