// SPDX-License-Identifier: Apache-2.0

/// Steps through XML: prolog, tags, text with its entities. A document type is refused.
struct XMLScanner {
    enum Tag: Equatable {
        case opening(String, isEmpty: Bool)
        case closing(String)
    }

    private let bytes: [UInt8]
    private var position = 0

    init(_ bytes: [UInt8]) {
        self.bytes = bytes
        if starts(with: "\u{FEFF}") { position = 3 }
    }

    /// Where the next byte is.
    var offset: Int { position }
    var isAtEnd: Bool { position >= bytes.count }
    var isAtClosingTag: Bool { starts(with: "</") }

    func fault(_ reason: String) -> XMLFault {
        XMLFault(reason: reason, offset: position)
    }

    /// Skips blanks, `<?…?>` and comments.
    mutating func skipProlog() throws(XMLFault) {
        while !isAtEnd {
            if Self.isBlank(bytes[position]) {
                position += 1
            } else if starts(with: "<?") {
                try skip(past: "?>")
            } else if starts(with: "<!--") {
                try skip(past: "-->")
            } else {
                return
            }
        }
    }

    mutating func tag() throws(XMLFault) -> Tag {
        guard !isAtEnd, bytes[position] == UInt8(ascii: "<") else { throw fault("no tag") }
        position += 1
        let isClosing = !isAtEnd && bytes[position] == UInt8(ascii: "/")
        if isClosing { position += 1 }
        let name = takeName()
        guard !name.isEmpty else { throw fault("a tag without a name") }
        let isEmpty = try skipAttributes()
        guard !(isClosing && isEmpty) else { throw fault("a tag that opens and closes") }
        return isClosing ? .closing(name) : .opening(name, isEmpty: isEmpty)
    }

    /// Text up to the next tag, entities resolved.
    mutating func text() throws(XMLFault) -> String {
        var text: [UInt8] = []
        while !isAtEnd {
            let byte = bytes[position]
            if starts(with: "<!--") {
                try skip(past: "-->")
            } else if starts(with: "<![CDATA[") {
                let start = position + 9
                try skip(past: "]]>")
                text += bytes[start..<position - 3]
            } else if byte == UInt8(ascii: "<") {
                break
            } else if byte == UInt8(ascii: "&") {
                text += Array(try entity().utf8)
            } else {
                text.append(byte)
                position += 1
            }
        }
        guard !isAtEnd else { throw fault("an element is not closed") }
        guard let valid = String(validating: text, as: UTF8.self) else {
            throw fault("text that is not UTF-8")
        }
        return valid
    }

    private mutating func entity() throws(XMLFault) -> String {
        guard let end = bytes[position...].prefix(12).firstIndex(of: UInt8(ascii: ";")) else {
            throw fault("an unfinished entity")
        }
        let name = String(decoding: bytes[position + 1..<end], as: UTF8.self)
        guard let value = Self.entities[name] ?? Self.numeric(name) else {
            throw fault("unknown entity '\(name)'")
        }
        position = end + 1
        return value
    }

    private static let entities = ["lt": "<", "gt": ">", "amp": "&", "quot": "\"", "apos": "'"]

    private static func numeric(_ name: String) -> String? {
        guard name.hasPrefix("#") else { return nil }
        let digits = name.dropFirst()
        let number =
            digits.hasPrefix("x") ? UInt32(digits.dropFirst(), radix: 16) : UInt32(digits, radix: 10)
        return number.flatMap(Unicode.Scalar.init).map(String.init)
    }

    /// The local name: what follows the last colon.
    private mutating func takeName() -> String {
        let start = position
        while !isAtEnd, !Self.isBlank(bytes[position]), !Self.endsName.contains(bytes[position]) {
            position += 1
        }
        let name = bytes[start..<position]
        return String(decoding: name.split(separator: UInt8(ascii: ":")).last ?? [], as: UTF8.self)
    }

    private static let endsName: [UInt8] = [UInt8(ascii: ">"), UInt8(ascii: "/"), UInt8(ascii: "<")]

    /// To the end of the tag; true if it ends with `/>`.
    private mutating func skipAttributes() throws(XMLFault) -> Bool {
        var quote: UInt8?
        while !isAtEnd {
            let byte = bytes[position]
            position += 1
            if let open = quote {
                if byte == open { quote = nil }
            } else if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "'") {
                quote = byte
            } else if byte == UInt8(ascii: ">") {
                return bytes[position - 2] == UInt8(ascii: "/")
            } else if byte == UInt8(ascii: "<") {
                throw fault("'<' in a tag")
            }
        }
        throw fault("a tag is not closed")
    }

    private mutating func skip(past mark: String) throws(XMLFault) {
        while !isAtEnd, !starts(with: mark) {
            position += 1
        }
        guard !isAtEnd else { throw fault("'\(mark)' is missing") }
        position += mark.utf8.count
    }

    private func starts(with mark: String) -> Bool {
        bytes[min(position, bytes.count)...].starts(with: mark.utf8)
    }

    private static func isBlank(_ byte: UInt8) -> Bool {
        byte == 0x20 || byte == 0x09 || byte == 0x0A || byte == 0x0D
    }
}
