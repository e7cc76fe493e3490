// SPDX-License-Identifier: Apache-2.0

/// The smallest piece of an `amanda.conf`.
///
/// Source: Amanda 3.5.1 `common-src/conffile.c`, `get_conftoken`.
enum ConfigurationToken: Hashable {
    /// A letter, then letters, digits, `_` and `-`: a keyword, a name or a unit.
    case word(String)
    /// A string, its quotes and escapes resolved.
    case string(String)
    /// A whole number; nil where it does not fit 64 bits.
    case integer(Int64?)
    /// A number with a point.
    case real(Double)
    case comma
    case leftBrace
    case rightBrace
    /// A byte that begins nothing.
    case stray(UInt8)

    /// How an error names the token. A string is never quoted: it may be a secret.
    var text: String {
        switch self {
        case .word(let word): "'\(word)'"
        case .string: "a string"
        case .integer(let number): number.map { "the number \($0)" } ?? "a number beyond 64 bits"
        case .real(let number): "the number \(number)"
        case .comma: "','"
        case .leftBrace: "'{'"
        case .rightBrace: "'}'"
        case .stray(let byte):
            (0x21...0x7E).contains(byte) ? "'\(Unicode.Scalar(byte))'" : "byte \(byte)"
        }
    }
}

/// The tokens between two line ends. Amanda's statements are lines; only a string may go on over a
/// backslash and a line end.
struct ConfigurationLine: Hashable {
    /// Of the first token.
    let number: Int
    let tokens: [ConfigurationToken]
    /// A string on it is not closed: where its values end is a guess.
    var isDamaged = false
}
