// SPDX-License-Identifier: Apache-2.0

/// One element of the small XML that Amanda puts into headers: elements, attributes, text, five entities.
struct XMLElement {
    var name: String
    var attributes: [(name: String, value: String)] = []
    var elements: [XMLElement] = []
    /// All text directly inside, entities resolved.
    var text = ""

    /// What the element means: the bytes of its `raw` attribute if it has one, else its text.
    var content: String {
        guard attributes.contains(where: { $0.name == "encoding" && $0.value == "raw" }),
            let raw = attributes.first(where: { $0.name == "raw" })?.value, let bytes = XMLBase64.decode(raw)
        else { return text }
        return String(amandaBytes: bytes)
    }

    func child(_ name: String) -> XMLElement? { elements.first { $0.name == name } }

    func children(_ name: String) -> [XMLElement] { elements.filter { $0.name == name } }

    func value(_ name: String) -> String? { child(name)?.content }

    /// Reads a text that holds exactly one element.
    init(parsing text: String) throws(HeaderError) {
        var reader = XMLReader(bytes: text.amandaBytes)
        self = try reader.document()
    }

    init(name: String) {
        self.name = name
    }
}

private struct XMLReader {
    /// Deeper than anything Amanda writes, and far from the end of the stack.
    private static let maximumDepth = 32

    let bytes: [UInt8]
    var index = 0

    init(bytes: [UInt8]) {
        self.bytes = bytes
    }

    mutating func document() throws(HeaderError) -> XMLElement {
        skipSpace()
        let root = try element(depth: 0)
        skipSpace()
        guard index == bytes.count else { throw .malformedDLE(what: "text after the last element") }
        return root
    }

    private mutating func element(depth: Int) throws(HeaderError) -> XMLElement {
        guard depth < Self.maximumDepth else { throw .malformedDLE(what: "elements nested too deeply") }
        try take("<")
        var element = XMLElement(name: try name())
        while true {
            skipSpace()
            if take(ifNext: "/>") { return element }
            if take(ifNext: ">") { break }
            let attribute = try name()
            try take("=\"")
            let end = try find("\"")
            element.attributes.append((attribute, try unescaped(bytes[index..<end])))
            index = end + 1
        }
        while true {
            let end = try find("<")
            element.text += try unescaped(bytes[index..<end])
            index = end
            guard take(ifNext: "</") else {
                element.elements.append(try self.element(depth: depth + 1))
                continue
            }
            let closing = try name()
            guard closing == element.name else {
                throw .malformedDLE(what: "'</\(closing)>' where '</\(element.name)>' is expected")
            }
            skipSpace()
            try take(">")
            return element
        }
    }

    private mutating func name() throws(HeaderError) -> String {
        let start = index
        while index < bytes.count, isNameByte(bytes[index]) { index += 1 }
        guard index > start else { throw .malformedDLE(what: "a name is missing at byte \(start)") }
        return String(decoding: bytes[start..<index], as: UTF8.self)
    }

    private func isNameByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"):
            true
        default: false
        }
    }

    private mutating func skipSpace() {
        while index < bytes.count, [0x20, 0x09, 0x0A, 0x0D].contains(bytes[index]) { index += 1 }
    }

    private mutating func take(ifNext mark: String) -> Bool {
        guard bytes[index...].starts(with: mark.utf8) else { return false }
        index += mark.utf8.count
        return true
    }

    private mutating func take(_ mark: String) throws(HeaderError) {
        guard take(ifNext: mark) else { throw .malformedDLE(what: "'\(mark)' is missing at byte \(index)") }
    }

    private func find(_ mark: Unicode.Scalar) throws(HeaderError) -> Int {
        guard let end = bytes[index...].firstIndex(of: UInt8(ascii: mark)) else {
            throw .malformedDLE(what: "cut at byte \(index)")
        }
        return end
    }

    private func unescaped(_ slice: ArraySlice<UInt8>) throws(HeaderError) -> String {
        var result: [UInt8] = []
        var rest = slice
        while let byte = rest.first {
            guard byte == UInt8(ascii: "&") else {
                result.append(byte)
                rest.removeFirst()
                continue
            }
            guard let (entity, value) = Self.entities.first(where: { rest.starts(with: $0.0.utf8) }) else {
                throw .malformedDLE(what: "an unknown entity")
            }
            result.append(value)
            rest.removeFirst(entity.utf8.count)
        }
        return String(amandaBytes: result)
    }

    private static let entities: [(String, UInt8)] = [
        ("&lt;", UInt8(ascii: "<")), ("&gt;", UInt8(ascii: ">")), ("&amp;", UInt8(ascii: "&")),
        ("&quot;", UInt8(ascii: "\"")), ("&apos;", UInt8(ascii: "'")),
    ]
}

extension String {
    /// Without the white space at either end.
    var trimmingSpace: String {
        let isSpace: (Character) -> Bool = { $0 == " " || $0 == "\t" || $0.isNewline }
        let rest = drop(while: isSpace)
        guard let last = rest.lastIndex(where: { !isSpace($0) }) else { return "" }
        return String(rest[...last])
    }
}

/// Base64 of RFC 4648 with padding, for the `raw` attribute.
enum XMLBase64 {
    private static let alphabet = Array(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)

    static func encode(_ bytes: [UInt8]) -> String {
        var text: [UInt8] = []
        var index = 0
        while index < bytes.count {
            let group = bytes[index..<min(index + 3, bytes.count)]
            let bits = group.reduce(UInt32(0)) { $0 << 8 | UInt32($1) } << (8 * UInt32(3 - group.count))
            for position in 0..<4 {
                let isPadding = position > group.count
                text.append(
                    isPadding ? UInt8(ascii: "=") : alphabet[Int(bits >> (18 - 6 * UInt32(position)) & 0x3F)])
            }
            index += 3
        }
        return String(decoding: text, as: UTF8.self)
    }

    static func decode(_ text: String) -> [UInt8]? {
        let digits = Array(text.utf8)
        guard digits.count % 4 == 0 else { return nil }
        let significant = digits.prefix(
            digits.count - digits.reversed().prefix { $0 == UInt8(ascii: "=") }.count)
        guard digits.count - significant.count <= 2 else { return nil }
        var bytes: [UInt8] = []
        var bits: UInt32 = 0
        var bitCount: UInt32 = 0
        for digit in significant {
            guard let value = alphabet.firstIndex(of: digit) else { return nil }
            bits = bits << 6 | UInt32(value)
            bitCount += 6
            if bitCount >= 8 {
                bitCount -= 8
                bytes.append(UInt8(truncatingIfNeeded: bits >> bitCount))
            }
        }
        return bytes
    }
}
