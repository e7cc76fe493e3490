// SPDX-License-Identifier: Apache-2.0

/// Steps through a document: prolog, tags, text with its entities.
struct XMLReader {
    /// Deeper than anything that S3 or Amanda writes, and far from the end of the stack.
    private static let depthLimit = 32
    /// With attributes; a page of 1,000 keys has 12,000. Each costs some 100 bytes, and may be 4 long.
    private static let elementLimit = 100_000

    private let bytes: [UInt8]
    private let decode: ([UInt8]) -> String?
    private var position = 0
    private var elementCount = 0

    init(_ bytes: [UInt8], _ decode: @escaping ([UInt8]) -> String?) {
        self.bytes = bytes
        self.decode = decode
        if starts(with: "\u{FEFF}") { position = 3 }
    }

    mutating func document() throws(XMLFault) -> XMLElement {
        try skipProlog()
        let root = try element(depth: 0)
        try skipProlog()
        guard isAtEnd else { throw fault("text after the end") }
        return root
    }

    private mutating func element(depth: Int) throws(XMLFault) -> XMLElement {
        guard depth < Self.depthLimit else { throw fault("elements nested too deeply") }
        try count()
        let start = position
        try take("<")
        var element = XMLElement(name: try name(), from: start)
        if try takeAttributes(of: &element) { try takeContent(of: &element, depth: depth) }
        element.range = start..<position
        return element
    }

    private mutating func count() throws(XMLFault) {
        elementCount += 1
        guard elementCount <= Self.elementLimit else {
            throw fault("more than \(Self.elementLimit) elements and attributes")
        }
    }

    /// - Returns: whether there is content: false after `/>`.
    private mutating func takeAttributes(of element: inout XMLElement) throws(XMLFault) -> Bool {
        while true {
            skipBlanks()
            if takeIf("/>") { return false }
            if takeIf(">") { return true }
            try count()
            let name = try attributeName()
            skipBlanks()
            try take("=")
            skipBlanks()
            guard let quote = current, quote == UInt8(ascii: "\"") || quote == UInt8(ascii: "'") else {
                throw fault("a value without quotes")
            }
            position += 1
            element.attributes[name] = try text(until: quote)
            position += 1
        }
    }

    private mutating func takeContent(of element: inout XMLElement, depth: Int) throws(XMLFault) {
        while true {
            element.text += try text()
            guard takeIf("</") else {
                element.elements.append(try self.element(depth: depth + 1))
                continue
            }
            let closing = try name()
            guard closing == element.name else {
                throw fault("'</\(closing)>' where '</\(element.name)>' is expected")
            }
            skipBlanks()
            return try take(">")
        }
    }

    /// Text up to the next tag, comments left out.
    private mutating func text() throws(XMLFault) -> String {
        var text: [UInt8] = []
        while let byte = current {
            if byte != UInt8(ascii: "<") {
                try takeCharacter(into: &text)
            } else if starts(with: "<!--") {
                try skip(past: "-->")
            } else if starts(with: "<![CDATA[") {
                let start = position + 9
                try skip(past: "]]>")
                text += bytes[start..<position - 3]
            } else {
                break
            }
        }
        return try decoded(text)
    }

    private mutating func text(until quote: UInt8) throws(XMLFault) -> String {
        var text: [UInt8] = []
        while let byte = current, byte != quote {
            guard byte != UInt8(ascii: "<") else { throw fault("'<' in a value") }
            try takeCharacter(into: &text)
        }
        return try decoded(text)
    }

    private func decoded(_ text: [UInt8]) throws(XMLFault) -> String {
        guard !isAtEnd else { throw fault("the end comes too early") }
        guard let meaning = decode(text) else { throw fault("text that is not UTF-8") }
        return meaning
    }

    private mutating func takeCharacter(into text: inout [UInt8]) throws(XMLFault) {
        guard bytes[position] == UInt8(ascii: "&") else {
            text.append(bytes[position])
            position += 1
            return
        }
        guard let end = bytes[position...].prefix(12).firstIndex(of: UInt8(ascii: ";")) else {
            throw fault("an unfinished entity")
        }
        let name = String(decoding: bytes[position + 1..<end], as: UTF8.self)
        guard let value = Self.entities[name] ?? Self.numeric(name) else {
            throw fault("unknown entity '\(name)'")
        }
        text += value.utf8
        position = end + 1
    }

    private static let entities = ["lt": "<", "gt": ">", "amp": "&", "quot": "\"", "apos": "'"]

    private static func numeric(_ name: String) -> String? {
        guard name.hasPrefix("#") else { return nil }
        let digits = name.dropFirst()
        let number =
            digits.hasPrefix("x") ? UInt32(digits.dropFirst(), radix: 16) : UInt32(digits, radix: 10)
        return number.flatMap(Unicode.Scalar.init).map(String.init)
    }
}

// Names, blanks and marks.
extension XMLReader {
    private var isAtEnd: Bool { position >= bytes.count }
    private var current: UInt8? { isAtEnd ? nil : bytes[position] }

    private func fault(_ reason: String) -> XMLFault {
        XMLFault(reason, offset: position)
    }

    /// Skips blanks, `<?…?>` and comments.
    private mutating func skipProlog() throws(XMLFault) {
        while true {
            skipBlanks()
            if starts(with: "<?") {
                try skip(past: "?>")
            } else if starts(with: "<!--") {
                try skip(past: "-->")
            } else {
                return
            }
        }
    }

    /// The local name: what follows the last colon.
    private mutating func name() throws(XMLFault) -> String {
        let name = try attributeName()
        return name.split(separator: ":").last.map(String.init) ?? name
    }

    private mutating func attributeName() throws(XMLFault) -> String {
        let start = position
        while let byte = current, !Self.isBlank(byte), !Self.endsName.contains(byte) { position += 1 }
        guard position > start else { throw fault("a name is missing") }
        return String(decoding: bytes[start..<position], as: UTF8.self)
    }

    private static let endsName = Array("></=\"'".utf8)

    private mutating func skipBlanks() {
        while let byte = current, Self.isBlank(byte) { position += 1 }
    }

    private mutating func take(_ mark: String) throws(XMLFault) {
        guard takeIf(mark) else { throw fault("'\(mark)' is missing") }
    }

    private mutating func takeIf(_ mark: String) -> Bool {
        guard starts(with: mark) else { return false }
        position += mark.utf8.count
        return true
    }

    private mutating func skip(past mark: String) throws(XMLFault) {
        while !isAtEnd, !starts(with: mark) { position += 1 }
        try take(mark)
    }

    private func starts(with mark: String) -> Bool {
        bytes[min(position, bytes.count)...].starts(with: mark.utf8)
    }

    private static func isBlank(_ byte: UInt8) -> Bool {
        byte == 0x20 || byte == 0x09 || byte == 0x0A || byte == 0x0D
    }
}
