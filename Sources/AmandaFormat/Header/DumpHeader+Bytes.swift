// SPDX-License-Identifier: Apache-2.0

extension DumpHeader {
    /// The header as Amanda writes it to S3: unpadded, ended by form feed and newline.
    ///
    /// Amanda reads it back only if it is no longer than the volume's block; it drops the DLE when that is within
    /// 2 KiB of the block's size (`droppingDLE(over:)`).
    public var bytes: [UInt8] {
        var lines = [firstLine]
        append("CONT_FILENAME=", continuationFileName, to: &lines)
        append("APPLICATION=", application, to: &lines)
        append("PARTIAL=", isPartial ? "YES" : nil, to: &lines)
        append("ORIGSIZE=", originalKiB.flatMap { $0 > 0 ? String($0) : nil }, to: &lines)
        append("NATIVE-CRC=", text(of: nativeCRC), to: &lines)
        append("CLIENT-CRC=", text(of: clientCRC), to: &lines)
        append("SERVER-CRC=", text(of: serverCRC), to: &lines)
        if let dleText {
            let mark = Self.heredocMark(for: dleText)
            lines += ["DLE=<<" + mark, dleText, mark]
        }
        lines.append("To restore, position tape at start of file and run:")
        let blockSize = blockKiB.map { "bs=\($0)k " } ?? ""
        lines.append(
            "\tdd if=<tape> \(blockSize)skip=1 | " + recoveryCommands.joined(separator: " | ")
                + (recoveryCommands.isEmpty ? "" : " "))
        lines.append("\u{0C}\n")
        return lines.joined(separator: "\n").amandaBytes
    }

    /// The header without its DLE if that is too long for volumes of `blockByteCount`, as Amanda does.
    public func droppingDLE(over blockByteCount: Int) -> DumpHeader {
        guard let dleText, dleText.amandaBytes.count >= blockByteCount - 2048 else { return self }
        var shorter = self
        shorter.dleText = nil
        return shorter
    }

    private var firstLine: String {
        var words = ["AMANDA:", kind.rawValue, datestamp.description, host, AmandaQuotedString.quote(disk)]
        words.append(part.map { " part \($0.number)/\($0.total ?? -1) " } ?? "")
        words += ["lev", String(level), "comp", compressionSuffix ?? "N", "program", program]
        if let encryptionSuffix { words += ["crypt", encryptionSuffix] }
        if let program = serverCompressProgram {
            words += ["server_custom_compress", program]
        } else if let program = clientCompressProgram {
            words += ["client_custom_compress", program]
        }
        if let program = serverEncryptProgram {
            words += ["server_encrypt", program]
        } else if let program = clientEncryptProgram {
            words += ["client_encrypt", program]
        }
        if let option = serverDecryptOption {
            words += ["server_decrypt_option", option]
        } else if let option = clientDecryptOption {
            words += ["client_decrypt_option", option]
        }
        return words.joined(separator: " ")
    }

    private func append(_ name: String, _ value: String?, to lines: inout [String]) {
        if let value { lines.append(name + value) }
    }

    private func text(of crc: CRCSize?) -> String? {
        guard let crc, crc.isKnown else { return nil }
        return crc.description
    }

    /// `ENDDLE`, with a number behind it as long as a line of the text is the mark itself.
    private static func heredocMark(for text: String) -> String {
        let lines = Set(text.amandaBytes.split(separator: HeaderText.newline).map { String(amandaBytes: $0) })
        var mark = "ENDDLE"
        var number = 0
        while lines.contains(mark) {
            number += 1
            mark = "ENDDLE\(number)"
        }
        return mark
    }
}
