// SPDX-License-Identifier: Apache-2.0

import HiddenCharacters

/// Reads RFC 8259 JSON, and nothing more lenient, into a tree that keeps every position.
///
/// Refused besides what the RFC refuses: equal keys in one object, bytes that are not UTF-8, and more than
/// `greatestDepth` levels.
struct StrictJSON {
    static let greatestDepth = 64

    let file: String
    private let bytes: [UInt8]
    private var offset = 0
    private(set) var position = JSONPosition()
    /// Path of the value that is being read: keys and `[index]`.
    private var path = SettingsPath()

    static func value(of bytes: [UInt8], file: String) throws(SettingsError) -> JSONValue {
        // A byte order mark is passed over: nobody else reads these files.
        let form = TextForm(of: bytes)
        if case .wide = form { throw .notPlain(file: file, form) }
        var parser = StrictJSON(file: file, bytes: TextForm.withoutMark(bytes))
        parser.skipBlanks()
        let value = try parser.value(depth: 0)
        parser.skipBlanks()
        guard parser.current == nil else { throw parser.unexpected("the end of the file") }
        return value
    }

    private init(file: String, bytes: [UInt8]) {
        self.file = file
        self.bytes = bytes
    }

    private mutating func value(depth: Int) throws(SettingsError) -> JSONValue {
        guard depth < Self.greatestDepth else { throw syntax("more than \(Self.greatestDepth) levels deep") }
        let start = position
        let content: JSONValue.Content
        switch current ?? 0 {
        case UInt8(ascii: "{"): content = .object(try members(depth: depth))
        case UInt8(ascii: "["): content = .array(try elements(depth: depth))
        case UInt8(ascii: "\""): content = .string(try string())
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): content = .number(try number())
        case UInt8(ascii: "a")...UInt8(ascii: "z"): content = try word()
        default: throw unexpected("a value")
        }
        return JSONValue(content: content, position: start)
    }

    private mutating func members(depth: Int) throws(SettingsError) -> [JSONMember] {
        var members: [JSONMember] = []
        var firsts: [String: JSONPosition] = [:]
        advance()
        skipBlanks()
        if take("}") { return members }
        repeat {
            skipBlanks()
            let start = position
            guard current == UInt8(ascii: "\"") else { throw unexpected("a key in double quotes") }
            let key = try string()
            path.append(key: key)
            if let first = firsts.updateValue(start, forKey: key) {
                throw .duplicateKey(file: file, start, path: path.text, first: first)
            }
            skipBlanks()
            guard take(":") else { throw unexpected("':' after the key '\(key)'") }
            skipBlanks()
            members.append(JSONMember(key: key, position: start, value: try value(depth: depth + 1)))
            path.removeLast()
            skipBlanks()
        } while take(",")
        guard take("}") else { throw unexpected("',' or '}'") }
        return members
    }

    private mutating func elements(depth: Int) throws(SettingsError) -> [JSONValue] {
        var elements: [JSONValue] = []
        advance()
        skipBlanks()
        if take("]") { return elements }
        repeat {
            skipBlanks()
            path.append(index: elements.count)
            elements.append(try value(depth: depth + 1))
            path.removeLast()
            skipBlanks()
        } while take(",")
        guard take("]") else { throw unexpected("',' or ']'") }
        return elements
    }

    private mutating func word() throws(SettingsError) -> JSONValue.Content {
        let start = position
        var letters = ""
        while let byte = current, (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte) {
            letters.unicodeScalars.append(Unicode.Scalar(byte))
            advance()
        }
        switch letters {
        case "true": return .bool(true)
        case "false": return .bool(false)
        case "null": return .null
        default: throw .syntax(file: file, start, "expected a value, found '\(letters.prefix(20))'")
        }
    }
}

// MARK: - Characters

extension StrictJSON {
    var current: UInt8? { offset < bytes.count ? bytes[offset] : nil }

    mutating func advance() {
        if bytes[offset] == UInt8(ascii: "\n") {
            position.line += 1
            position.column = 1
        } else if bytes[offset] & 0xC0 != 0x80 {
            position.column += 1
        }
        offset += 1
    }

    mutating func take(_ character: Unicode.Scalar) -> Bool {
        guard current == UInt8(ascii: character) else { return false }
        advance()
        return true
    }

    mutating func skipBlanks() {
        while let byte = current, [0x20, 0x09, 0x0A, 0x0D].contains(byte) {
            advance()
        }
    }

    /// The character here, if nobody sees it.
    var hidden: Unicode.Scalar? {
        let length = current.map { $0 < 0x80 ? 1 : $0 < 0xE0 ? 2 : $0 < 0xF0 ? 3 : 4 } ?? 0
        let text = String(validating: bytes[offset...].prefix(length), as: UTF8.self)
        return text?.unicodeScalars.first.flatMap { $0.isHidden ? $0 : nil }
    }

    func syntax(_ what: String) -> SettingsError {
        .syntax(file: file, position, what)
    }

    func unexpected(_ expected: String) -> SettingsError {
        guard let byte = current else { return syntax("expected \(expected), found the end of the file") }
        let isComment = byte == UInt8(ascii: "/") || byte == UInt8(ascii: "#")
        let found =
            hidden?.hiddenName
            ?? ((0x21...0x7E).contains(byte) ? "'\(Unicode.Scalar(byte))'" : "byte \(byte)")
        return syntax("expected \(expected), found \(found)\(isComment ? " (JSON has no comments)" : "")")
    }
}
