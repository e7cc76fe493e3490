// SPDX-License-Identifier: Apache-2.0

public import Faults
import FoundationEssentials
import HiddenCharacters

/// How every JSON value of ours is written and read: sorted keys, times as ISO 8601 in UTC, `/` left alone.
///
/// Every document begins with `"format": 1` as far as sorted keys allow; readers refuse any other number.
public enum WireJSON {
    public static let format = 1

    /// One line, for an event stream.
    public static func line(_ value: some Encodable) throws -> [UInt8] {
        try shown(encoder([.sortedKeys, .withoutEscapingSlashes]).encode(value))
    }

    /// Indented, for a person who opens the object in the bucket.
    public static func document(_ value: some Encodable) throws -> [UInt8] {
        try shown(encoder([.sortedKeys, .withoutEscapingSlashes, .prettyPrinted]).encode(value))
    }

    /// People look at these with `cat` and `curl` too: what moves a terminal stands there as an escape.
    private static func shown(_ document: Data) -> [UInt8] { ShownJSON.escaped(Array(document)) + [0x0A] }

    /// What another machine or the bucket says: its numbers are held against `ClaimRange`, its sentences stand on one line.
    ///
    /// - Parameter what: names the document in the error, such as an object's key.
    /// - Throws: `WireJSONError`, with the path to the field.
    public static func read<Value: Decodable>(
        _ type: Value.Type = Value.self, from bytes: [UInt8], what: String
    ) throws -> Value {
        if let fault = JSONShape(of: bytes).fault { throw WireJSONError(what: what, reason: fault) }
        let decoder = JSONDecoder()
        decoder.dateDecodingStrategy = .iso8601
        do {
            return try decoder.decode(Document<Value>.self, from: Data(bytes)).value
        } catch let error as UnknownFormat {
            throw WireJSONError(
                what: what, reason: "it has format \(error.format), this version knows \(format)",
                isOfOtherFormat: true)
        } catch let error as DecodingError {
            throw WireJSONError(what: what, reason: error.reason)
        }
    }

    /// A claim whose format is the one that is known.
    private struct Document<Value: Decodable>: Decodable {
        let value: Value

        private enum Keys: String, CodingKey {
            case format
        }

        init(from decoder: any Decoder) throws {
            let container = try decoder.container(keyedBy: Keys.self)
            if let other = try container.decodeIfPresent(Int.self, forKey: .format), other != WireJSON.format
            {
                throw UnknownFormat(format: other)
            }
            value = try Claim<Value>(from: decoder).value
        }
    }

    private struct UnknownFormat: Error {
        let format: Int
    }

    private static func encoder(_ formatting: JSONEncoder.OutputFormatting) -> JSONEncoder {
        let encoder = JSONEncoder()
        encoder.outputFormatting = formatting
        encoder.dateEncodingStrategy = .iso8601
        return encoder
    }
}

/// A document that is not what it should be; `reason` names the path inside it.
public struct WireJSONError: Fault, Equatable {
    let what: String
    public let reason: String
    /// It may be whole: another version of amfleet has written it.
    public let isOfOtherFormat: Bool

    init(what: String, reason: String, isOfOtherFormat: Bool = false) {
        self.what = what
        self.isOfOtherFormat = isOfOtherFormat
        self.reason = ClaimText.bounded(reason, to: Self.reasonByteCountLimit)
    }

    /// One that was not read to its end.
    public init(what: String, longerThan byteCount: Int) {
        self.init(
            what: what, reason: "it is longer than \(byteCount) bytes, and no document of amfleet's is")
    }

    /// It may repeat a value, and that may be as long as the document.
    private static let reasonByteCountLimit = 1 << 10

    public var kind: FaultKind { .damaged }
    public var facts: String { "\(what) cannot be read: \(reason)" }
}

extension DecodingError {
    /// The fault in words, with the path to the field.
    fileprivate var reason: String {
        switch self {
        case .keyNotFound(let key, let context):
            "'\((path(context) + [key.stringValue]).joined(separator: "."))' is missing"
        case .typeMismatch(_, let context), .valueNotFound(_, let context):
            "\(path(context).joined(separator: ".")): \(context.debugDescription)"
        case .dataCorrupted(let context):
            (path(context).isEmpty ? "" : "\(path(context).joined(separator: ".")): ")
                + context.debugDescription
        @unknown default: "\(self)"
        }
    }

    private func path(_ context: Context) -> [String] {
        context.codingPath.map { $0.intValue.map { "[\($0)]" } ?? $0.stringValue }
    }
}
