// SPDX-License-Identifier: Apache-2.0

/// Several faults that end the same thing, as one error: the body of an answer that refuses.
///
/// In JSON the first one's fields, as ever, and beside them `errors`, all of them.
public struct WireErrors: Fault, Codable, Equatable {
    public let errors: [WireError]
    private let first: WireError

    private enum Keys: String, CodingKey {
        case errors
    }

    /// - Parameter errors: where there is none, nobody knows why.
    public init(_ errors: [WireError]) {
        first = errors.first ?? WireError(.failed, "no reason is given")
        self.errors = errors.isEmpty ? [first] : errors
    }

    /// An older agent gives one alone.
    public init(from decoder: any Decoder) throws {
        let first = try WireError(from: decoder)
        let all = try decoder.container(keyedBy: Keys.self).decodeIfPresent([WireError].self, forKey: .errors)
        self.init(all.flatMap { $0.isEmpty ? nil : $0 } ?? [first])
    }

    public func encode(to encoder: any Encoder) throws {
        try first.encode(to: encoder)
        var container = encoder.container(keyedBy: Keys.self)
        try container.encode(errors, forKey: .errors)
    }

    /// Several as one, a single one as itself.
    public static func joined(_ errors: [WireError]) -> any Fault {
        let all = WireErrors(errors)
        return all.errors.count == 1 ? all.first : all
    }

    public var kind: FaultKind { first.kind }
    public var reach: FaultReach { first.reach }
    public var facts: String { first.facts }
    public var place: FaultPlace? { first.place }
    public var hint: String? { first.hint }
    public var headline: String { first.headline }
    public var faults: [any Fault] { errors }
}
