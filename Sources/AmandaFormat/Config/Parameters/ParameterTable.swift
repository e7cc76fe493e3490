// SPDX-License-Identifier: Apache-2.0

/// One parameter of a definition, or a global one.
struct Parameter: Sendable {
    /// Lower case with dashes: `part-cache-type`.
    let name: String
    let kind: ParameterKind
    /// Amanda's own.
    let standard: ParameterValue
    /// Whether this version acts on it; the others are kept and listed.
    let isUsed: Bool

    init(_ name: String, _ kind: ParameterKind, _ standard: ParameterValue, used isUsed: Bool = false) {
        self.name = name
        self.kind = kind
        self.standard = standard
        self.isUsed = isUsed
    }
}

/// The parameters of one kind of definition, in Amanda's order.
///
/// Source: Amanda 3.5.1, amanda.conf(5) and `amadmin CONF config` with an empty configuration (Debian 12).
struct ParameterTable: Sendable {
    let parameters: [Parameter]
    private let byName: [String: Parameter]

    init(_ parameters: [Parameter]) {
        self.parameters = parameters
        byName = Dictionary(parameters.map { ($0.name, $0) }) { first, _ in first }
    }

    /// The parameter that a word names, without regard to case, `-` and `_`.
    func parameter(_ word: String) -> Parameter? {
        byName[canonicalKeyword(word)]
    }

    static func text(_ name: String, _ standard: String? = "", used: Bool = false) -> Parameter {
        Parameter(name, .text(.any), .text(standard), used: used)
    }

    static func bool(_ name: String, _ standard: Bool, used: Bool = false) -> Parameter {
        Parameter(name, .bool, .bool(standard), used: used)
    }

    static func number(
        _ name: String, _ standard: Int64, _ range: ClosedRange<Int64>, unit: NumberRule.Unit = .plain,
        used: Bool = false
    ) -> Parameter {
        Parameter(
            name, .integer(NumberRule(unit: unit, range: range)), .integer(standard), used: used)
    }
}
