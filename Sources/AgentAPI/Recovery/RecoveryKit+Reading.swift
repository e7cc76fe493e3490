// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Sealing
public import Secret

extension RecoveryKit {
    /// Whether the text says that it is one, or has what only a kit has: a heading that was lost or typed otherwise must not make a bare
    /// key of it, which pins no authority.
    static func isKit(_ text: Secret) -> Bool {
        let lines = lines(of: text)
        return lines.contains { $0.uppercased() == title }
            || [.cluster, .authority].allSatisfy { wanted in lines.contains { field($0)?.0 == wanted } }
    }

    /// Reads what `text` prints. Blanks at the ends of lines, empty lines between all, a mail's `> `, and Windows' line ends, do no harm; a value, which has no blanks, goes on
    /// until a line that is empty or has some.
    ///
    /// - Parameter source: names the text in errors.
    public init(parsing text: Secret, source: String) throws(RecoveryKitError) {
        guard Self.isKit(text) else { throw .noKit(source: source) }
        let values = Self.values(in: text)
        func optional(_ field: Field) throws(RecoveryKitError) -> String? {
            guard let value = values[field]?.first else { return nil }
            guard let plain = PlainValue.read(value), !plain.isEmpty || field == .prefix else {
                throw .badValue(source: source, field: field.rawValue, reason: "it is empty or damaged")
            }
            return plain
        }
        func required(_ field: Field) throws(RecoveryKitError) -> String {
            guard let value = try optional(field) else {
                throw .missing(source: source, field: field.rawValue)
            }
            return value
        }
        cluster = try required(.cluster)
        clusterID = try optional(.clusterID)
        bucket = try required(.bucket)
        prefix = try optional(.prefix) ?? ""
        region = try required(.region)
        endpoint = try optional(.endpoint)
        if let name = try optional(.addressing) {
            guard let addressing = StorageAddress.Addressing(rawValue: name) else {
                throw .badValue(source: source, field: Field.addressing.rawValue, reason: "'\(name)' is none")
            }
            self.addressing = addressing
        }
        authorities = (values[.authority] ?? []).map { $0.lowercased() }
        guard !authorities.isEmpty else { throw .missing(source: source, field: Field.authority.rawValue) }
        guard authorities.allSatisfy(Self.isFingerprint) else {
            throw .badValue(
                source: source, field: Field.authority.rawValue,
                reason: "it must be 64 hexadecimal digits")
        }
        let day = try required(.date)
        guard let date = try? Date(day, strategy: .iso8601) else {
            throw .badValue(source: source, field: Field.date.rawValue, reason: "'\(day)' is no time")
        }
        // A kit is printed in whole seconds.
        self.date = Date(timeIntervalSince1970: date.timeIntervalSince1970.rounded(.down))
        (certificatePEM, keyPEM) = try Self.blocks(in: text, source: source)
    }

    private static func blocks(
        in text: Secret, source: String
    ) throws(RecoveryKitError) -> (String, Secret) {
        let blocks = PEMBlocks(of: text.plaintext)
        guard let certificate = blocks.blocks(of: ["CERTIFICATE"]).first else {
            throw .missing(source: source, field: "certificate")
        }
        let keys = blocks.blocks(of: PEMBlocks.privateKeys)
        guard let key = keys.first else { throw .missing(source: source, field: "private key") }
        guard keys.count == 1 else {
            throw .badValue(source: source, field: "private key", reason: "there are \(keys.count)")
        }
        return (certificate, Secret(key))
    }

    /// Every value of each field, its lines joined without what stood around them.
    private static func values(in text: Secret) -> [Field: [String]] {
        var values: [Field: [String]] = [:]
        var open: (field: Field, text: String)?
        func close() {
            if let open { values[open.field, default: []].append(open.text) }
            open = nil
        }
        for line in lines(of: text) {
            if line.hasPrefix(blockMark) { break }
            if let (field, value) = field(line) {
                close()
                open = (field, value)
            } else if line.isEmpty {
                close()
            } else if !line.contains(where: \.isWhitespace) {
                open?.text += line
            } else {
                close()
            }
        }
        close()
        return values
    }

    private static let blockMark = "-----BEGIN"

    /// Whether a line begins a field, or the key, and goes on with no value before it.
    static func isBeginning(_ line: String) -> Bool { field(line[...]) != nil || line.hasPrefix(blockMark) }

    private static func field(_ line: Substring) -> (Field, String)? {
        guard let colon = line.firstIndex(of: ":"), let field = Field(rawValue: String(line[..<colon])) else {
            return nil
        }
        return (field, String(line[line.index(after: colon)...].drop(while: \.isWhitespace)))
    }

    private static func lines(of text: Secret) -> [Substring] {
        let lines = text.plaintext.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
            .map(HandledText.trimmed)
        // Copied out of a mail or a document, or with its line ends changed twice, each line has an empty one behind it.
        for first in [0, 1] {
            let between = stride(from: 1 - first, to: lines.count, by: 2)
            guard lines.count > 2, between.allSatisfy({ lines[$0].isEmpty }) else { continue }
            return stride(from: first, to: lines.count, by: 2).map { lines[$0] }
        }
        return lines
    }

    private static func isFingerprint(_ text: String) -> Bool {
        text.utf8.count == 64
            && text.utf8.allSatisfy { (0x30...0x39).contains($0) || (0x61...0x66).contains($0) }
    }
}

/// A value as it can be printed and typed in again: every byte that is no visible ASCII character, `%`, and `>`, which is a mail's mark
/// where a line begins with it, is `%` and two digits.
enum PlainValue {
    static func written(_ text: String) -> String {
        text.utf8.map { byte in
            guard !(0x21...0x7E).contains(byte) || "%>".utf8.contains(byte) else {
                return String(UnicodeScalar(byte))
            }
            return "%" + (byte < 16 ? "0" : "") + String(byte, radix: 16)
        }.joined()
    }

    /// - Returns: nil where a `%` is not followed by two digits, or it is no UTF-8.
    static func read(_ text: String) -> String? {
        var (bytes, rest): ([UInt8], Substring.UTF8View) = ([], text[...].utf8)
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "%") else {
                bytes.append(byte)
                continue
            }
            guard let digits = String(rest.prefix(2)), digits.utf8.count == 2,
                digits.allSatisfy(\.isHexDigit), let value = UInt8(digits, radix: 16)
            else { return nil }
            bytes.append(value)
            rest = rest.dropFirst(2)
        }
        return String(validating: bytes, as: UTF8.self)
    }
}
