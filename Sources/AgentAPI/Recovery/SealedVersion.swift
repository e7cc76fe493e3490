// SPDX-License-Identifier: Apache-2.0

public import AmandaFormat

/// One version of a node's sealed secrets: the run that sealed them, and which of that run's it is.
///
/// Its object is `secrets-<run>.cms`. A later attempt of the run that finds other secrets seals them as `secrets-<run>.2.cms` and so on,
/// as Amanda numbers the logs of a run: what the first attempt's dumps need is never overwritten. In JSON: `"<run>"`, `"<run>.2"`.
public struct SealedVersion: Sendable, Hashable {
    public let run: RunName
    /// From 1 on.
    public let number: Int

    /// More changes than a run has attempts.
    public static let numberLimit = 99
    private static let (start, end) = ("secrets-", ".cms")

    public init(run: RunName, number: Int = 1) {
        self.run = run
        self.number = number
    }

    /// `20261130020000`, of a later one `20261130020000.2`.
    public var text: String { number == 1 ? run.digits : "\(run.digits).\(number)" }

    /// - Returns: nil for every other text, also for one that means the same.
    public init?(text: String) {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard let first = parts.first, let run = RunName(String(first)), parts.count <= 2 else { return nil }
        self.init(run: run, number: parts.count == 1 ? 1 : Int(parts[1]) ?? 0)
        guard (1...Self.numberLimit).contains(number), self.text == text else { return nil }
    }

    /// `secrets-20261130020000.cms`
    public var fileName: String { "\(Self.start)\(text)\(Self.end)" }

    public init?(fileName: some StringProtocol) {
        guard fileName.hasPrefix(Self.start), fileName.hasSuffix(Self.end) else { return nil }
        self.init(text: String(fileName.dropFirst(Self.start.count).dropLast(Self.end.count)))
    }

    /// - Parameters:
    ///   - key: of any object.
    ///   - folder: the node's own, as `BucketLayout.nodeFolder` gives it.
    /// - Returns: nil for what is no version of that node's.
    public init?(key: String, in folder: String) {
        guard key.hasPrefix(folder) else { return nil }
        self.init(fileName: key.dropFirst(folder.count))
    }
}

extension SealedVersion: Comparable {
    public static func < (one: SealedVersion, other: SealedVersion) -> Bool {
        (one.run, one.number) < (other.run, other.number)
    }
}

extension SealedVersion: CustomStringConvertible {
    public var description: String { text }
}

extension SealedVersion: Codable {
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        guard let version = Self(text: try container.decode(String.self)) else {
            throw DecodingError.dataCorruptedError(
                in: container, debugDescription: "it is no version of sealed secrets")
        }
        self = version
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(text)
    }
}
