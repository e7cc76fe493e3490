// SPDX-License-Identifier: Apache-2.0

/// What may follow a parameter's name.
enum ParameterKind: Sendable, Hashable {
    /// A string in quotes.
    case text(TextRule)
    /// A word or a string: the name of something that is defined elsewhere.
    case name
    /// Several of them.
    case names
    /// Strings, `append`ed or replaced.
    case tags
    case integer(NumberRule)
    case real(atLeast: Double)
    case bool
    /// A boolean that Amanda reads and ignores.
    case alwaysYes
    /// One of these keywords.
    case keyword([String])
    /// A boolean or `all`.
    case noYesAll
    case compress
    /// `never`, `auto`, `required` or a boolean.
    case holdingdisk
    /// One or more of these keywords.
    case keywords([String])
    /// The same, separated by commas.
    case commaKeywords([String])
    case priority
    case rates
    case range(ClosedRange<Int64>)
    case timeOfDay
    case integerOrText
    case selection
    /// Names of a device's properties are checked.
    case properties(ofDevice: Bool, isVisible: Bool)
    case autolabel
    case labelConstraint
    case hostLimit(takesNames: Bool)
    case dumpSelection
    case vault
    /// The name of a definition in quotes, or the definition itself in braces.
    case definition(DefinitionKind)
    /// Names of scripts, or one in braces.
    case scripts
    case holdingdisks
}

/// What a string must not hold.
enum TextRule: Sendable, Hashable {
    case any, noBlanksOrQuotes, displayUnit, program
}

/// What a number counts and where it must lie.
struct NumberRule: Sendable, Hashable {
    enum Unit: Sendable, Hashable {
        /// Nothing that has units.
        case plain
        case days, tapes
        /// Sizes and rates, kept in KiB: a bare number is KiB, `b` rounds down.
        case kibibytes
        /// Sizes and rates, kept in bytes.
        case bytes
    }

    var unit: Unit
    var range: ClosedRange<Int64>
    /// Amanda rounds down to multiples of this.
    var step: Int64 = 1
    /// What 0 stands for, where it stands for something.
    var zero: Int64?

    static let int32 = Int64(Int32.min)...Int64(Int32.max)
    static let positive: ClosedRange<Int64> = 1...Int64(Int32.max)
    static let natural: ClosedRange<Int64> = 0...Int64(Int32.max)
    static let positive64: ClosedRange<Int64> = 1...Int64.max
    static let natural64: ClosedRange<Int64> = 0...Int64.max
    static let any64: ClosedRange<Int64> = Int64.min...Int64.max
}
