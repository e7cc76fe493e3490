// SPDX-License-Identifier: Apache-2.0

/// A value as Perl's `Data::Dumper` writes it; scalars are kept as written, keys in their order.
indirect enum PerlData: Equatable, Sendable {
    case scalar(String)
    case array([PerlData])
    case hash([Pair])

    struct Pair: Equatable, Sendable {
        /// As written, quotes included.
        var key: String
        var value: PerlData
    }

    /// The quoted form of a string.
    static func quoted(_ text: String) -> String {
        var bytes: [UInt8] = [UInt8(ascii: "'")]
        for byte in text.amandaBytes {
            if byte == UInt8(ascii: "'") || byte == UInt8(ascii: "\\") { bytes.append(UInt8(ascii: "\\")) }
            bytes.append(byte)
        }
        return String(amandaBytes: bytes + [UInt8(ascii: "'")])
    }

    /// What a scalar means: the text between single quotes, a bare number as its digits; nil for `undef`.
    var string: String? {
        guard case .scalar(let raw) = self, raw != "undef" else { return nil }
        return Self.unquoted(raw)
    }

    static func unquoted(_ raw: String) -> String {
        let bytes = raw.amandaBytes
        guard bytes.count >= 2, let quote = bytes.first,
            quote == UInt8(ascii: "'") || quote == UInt8(ascii: "\"")
        else {
            return raw
        }
        var result: [UInt8] = []
        var index = 1
        while index < bytes.count - 1 {
            let isEscape = bytes[index] == UInt8(ascii: "\\") && index + 1 < bytes.count - 1
            let escapes: [UInt8] = [UInt8(ascii: "\\"), quote]
            if isEscape, quote == UInt8(ascii: "\"") || escapes.contains(bytes[index + 1]) { index += 1 }
            result.append(bytes[index])
            index += 1
        }
        return String(amandaBytes: result)
    }

    /// The value of a key of a hash.
    subscript(key: String) -> PerlData? {
        get {
            guard case .hash(let pairs) = self else { return nil }
            return pairs.first { Self.unquoted($0.key) == key }?.value
        }
        set {
            guard case .hash(var pairs) = self else { return }
            let index = pairs.firstIndex { Self.unquoted($0.key) == key }
            switch (index, newValue) {
            case (let index?, let value?): pairs[index].value = value
            case (let index?, nil): pairs.remove(at: index)
            case (nil, let value?): pairs.append(Pair(key: Self.quoted(key), value: value))
            case (nil, nil): break
            }
            self = .hash(pairs)
        }
    }

    /// In `Data::Dumper`'s layout (`Indent` 2), beginning in `column`.
    func text(column: Int) -> String {
        let inner = String(repeating: " ", count: column + 2)
        let outer = String(repeating: " ", count: column)
        switch self {
        case .scalar(let raw): return raw
        case .array(let values):
            if values.isEmpty { return "[]" }
            let lines = values.map { inner + $0.text(column: column + 2) }
            return "[\n" + lines.joined(separator: ",\n") + "\n" + outer + "]"
        case .hash(let pairs):
            if pairs.isEmpty { return "{}" }
            let lines = pairs.map { pair in
                inner + pair.key + " => "
                    + pair.value.text(column: column + 2 + pair.key.amandaBytes.count + 4)
            }
            return "{\n" + lines.joined(separator: ",\n") + "\n" + outer + "}"
        }
    }
}

/// Reads one value; anything that is not plain data (references, code, a second statement) is refused.
struct PerlReader {
    private static let maximumDepth = 64
    private let bytes: [UInt8]
    private(set) var index = 0

    init(_ text: String) {
        bytes = text.amandaBytes
    }

    mutating func take(_ mark: String) -> Bool {
        skipSpace()
        guard bytes[index...].starts(with: mark.utf8) else { return false }
        index += mark.utf8.count
        return true
    }

    var isAtEnd: Bool {
        bytes[index...].allSatisfy { [0x20, 0x09, 0x0A, 0x0D].contains($0) }
    }

    mutating func value(depth: Int = 0) -> PerlData? {
        guard depth < Self.maximumDepth else { return nil }
        if take("{") { return hash(depth: depth) }
        if take("[") { return array(depth: depth) }
        return scalar().map(PerlData.scalar)
    }

    private mutating func hash(depth: Int) -> PerlData? {
        var pairs: [PerlData.Pair] = []
        while !take("}") {
            if !pairs.isEmpty, !take(",") { return nil }
            if take("}") { break }
            guard let key = scalar(), take("=>"), let value = value(depth: depth + 1) else { return nil }
            pairs.append(.init(key: key, value: value))
        }
        return .hash(pairs)
    }

    private mutating func array(depth: Int) -> PerlData? {
        var values: [PerlData] = []
        while !take("]") {
            if !values.isEmpty, !take(",") { return nil }
            if take("]") { break }
            guard let value = value(depth: depth + 1) else { return nil }
            values.append(value)
        }
        return .array(values)
    }

    private mutating func scalar() -> String? {
        skipSpace()
        guard index < bytes.count else { return nil }
        let start = index
        let quote = bytes[index]
        if quote == UInt8(ascii: "'") || quote == UInt8(ascii: "\"") {
            index += 1
            while index < bytes.count, bytes[index] != quote {
                index += bytes[index] == UInt8(ascii: "\\") ? 2 : 1
            }
            guard index < bytes.count else {
                index = bytes.count
                return nil
            }
            index += 1
        } else {
            while index < bytes.count, isBareByte(bytes[index]) { index += 1 }
        }
        return index > start ? String(amandaBytes: bytes[start..<index]) : nil
    }

    /// Of numbers, `undef` and bare keys.
    private func isBareByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "-"), UInt8(ascii: "."),
            UInt8(ascii: "+"):
            true
        default: false
        }
    }

    private mutating func skipSpace() {
        while index < bytes.count, [0x20, 0x09, 0x0A, 0x0D].contains(bytes[index]) { index += 1 }
    }
}
