// SPDX-License-Identifier: Apache-2.0

/// A piece of JSON that remembers where in the file it stood.
public struct JSONValue: Sendable, Hashable {
    /// What the piece is. An object keeps its keys' order; no two of them are equal.
    public enum Content: Sendable, Hashable {
        /// `null`.
        case null
        /// `true` or `false`.
        case bool(Bool)
        /// The digits as written: `JSONValue` does not choose between integers and fractions.
        case number(String)
        /// Text, escapes resolved.
        case string(String)
        /// Values in order.
        case array([JSONValue])
        /// Keys and values in order.
        case object([JSONMember])
    }

    /// What it is.
    let content: Content
    /// Where its first character stands.
    let position: JSONPosition

    /// The kind with its article, as errors say it: `a string`.
    public var kind: String {
        switch content {
        case .null: "null"
        case .bool(let value): value ? "true" : "false"
        case .number(let digits): "the number \(digits)"
        case .string: "a string"
        case .array: "an array"
        case .object: "an object"
        }
    }
}

/// One key of an object with its value.
public struct JSONMember: Sendable, Hashable {
    /// The key, escapes resolved.
    let key: String
    /// Where the key's opening quote stands.
    let position: JSONPosition
    /// The value.
    let value: JSONValue
}

/// A character of a file: both count from 1; a column is a Unicode scalar.
public struct JSONPosition: Sendable, Hashable {
    /// The line.
    var line: Int
    /// The column.
    var column: Int

    /// The start of a file, or any other place.
    public init(line: Int = 1, column: Int = 1) {
        self.line = line
        self.column = column
    }
}
