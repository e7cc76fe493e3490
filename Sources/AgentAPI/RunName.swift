// SPDX-License-Identifier: Apache-2.0

/// The name of one cluster-wide backup: Amanda's datestamp, the same on every node.
///
/// Shape: 14 digits, `YYYYMMDDhhmmss`, in the local time of the coordinator that began it (DESIGN decision 11:
/// Amanda's names are local time too, and it sorts its tapelist by them). Order is the order of the digits.
public struct RunName: Sendable, Hashable, Comparable, CustomStringConvertible {
    public let digits: String

    /// - Returns: nil unless `digits` is 14 ASCII digits whose fields are in range.
    public init?(_ digits: String) {
        let values = digits.utf8.map { Int($0) - 48 }
        guard values.count == 14, values.allSatisfy({ (0...9).contains($0) }) else { return nil }
        func field(_ start: Int) -> Int { values[start] * 10 + values[start + 1] }
        guard (1...12).contains(field(4)), (1...31).contains(field(6)) else { return nil }
        guard field(8) < 24, field(10) < 60, field(12) <= 60 else { return nil }
        self.digits = digits
    }

    public var description: String { digits }

    public static func < (left: RunName, right: RunName) -> Bool { left.digits < right.digits }
}

extension RunName: Codable {
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        let text = try container.decode(String.self)
        guard let name = RunName(text) else {
            throw DecodingError.dataCorruptedError(
                in: container, debugDescription: "'\(text)' is no run name")
        }
        self = name
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(digits)
    }
}
