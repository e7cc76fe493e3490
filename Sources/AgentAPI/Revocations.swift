// SPDX-License-Identifier: Apache-2.0

/// Brings a node the lists of revoked certificates (`POST /v1/revocations`); the answer is a `NodeRevocations`.
public struct RevocationOrder: Codable, Sendable, Equatable {
    var format: Int
    /// X.509 lists in PEM, one an authority. Their signatures are what is believed, not who brings them.
    public var lists: String

    public init(lists: String) {
        format = WireJSON.format
        self.lists = lists
    }
}

/// The lists of revoked certificates that a node goes by (`GET /v1/revocations`).
public struct NodeRevocations: Codable, Sendable, Equatable {
    var format: Int
    public var node: String
    /// As in `RevocationOrder`; empty while there is none.
    public var lists: String

    public init(node: String, lists: String) {
        format = WireJSON.format
        self.node = node
        self.lists = lists
    }
}

/// Which lists of revoked certificates a node has: their number by authority. A header of every answer.
///
/// Shape: `<authority>=<number>`, apart by blanks; an authority is the SHA-256 of its key, 64 hexadecimal digits. Empty: none.
public struct RevocationNumbers: Codable, Sendable, Equatable {
    /// Of HTTP.
    public static let header = "Amfleet-Revoked"
    /// A cluster has one authority, and two while it changes.
    private static let greatestCount = 16
    /// As of `RevocationList`.
    private static let range: ClosedRange<Int64> = 1...(1 << 53)

    public let numbers: [String: Int64]

    public init(_ numbers: [String: Int64]) {
        self.numbers = numbers
    }

    /// - Returns: nil for anything else than the shape.
    public init?(text: String) {
        var numbers: [String: Int64] = [:]
        for pair in text.split(separator: " ") {
            let sides = pair.split(separator: "=", maxSplits: 1)
            guard sides.count == 2, numbers.count < Self.greatestCount, Self.isFingerprint(sides[0]),
                let number = Int64(sides[1]), Self.range.contains(number)
            else { return nil }
            numbers[String(sides[0])] = number
        }
        self.numbers = numbers
    }

    public var text: String {
        numbers.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }.joined(separator: " ")
    }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        guard let read = Self(text: try container.decode(String.self)) else {
            throw DecodingError.dataCorruptedError(
                in: container, debugDescription: "these are no numbers of lists of revoked certificates")
        }
        self = read
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(text)
    }

    /// Whether a list is missing here, or older, that `others` have.
    public func isBehind(_ others: RevocationNumbers) -> Bool {
        others.numbers.contains { (numbers[$0.key] ?? 0) < $0.value }
    }

    private static func isFingerprint(_ text: Substring) -> Bool {
        text.utf8.count == 64
            && text.utf8.allSatisfy { (0x30...0x39).contains($0) || (0x61...0x66).contains($0) }
    }
}
