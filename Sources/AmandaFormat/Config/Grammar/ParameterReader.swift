// SPDX-License-Identifier: Apache-2.0

import Faults

/// Reads what stands after a parameter's name, up to the end of its line.
///
/// Source: Amanda 3.5.1 `common-src/conffile.c`, the `read_*` functions; where that is too lenient to be right
/// (`dumpcycle 2 kb`), the value is refused.
struct ParameterReader {
    let parameter: Parameter
    let place: FaultPlace
    var tokens: ArraySlice<ConfigurationToken>

    /// Why a value cannot be read.
    struct Refusal: Error {
        let what: String
        var hint: String?

        init(_ what: String, hint: String? = nil) {
            self.what = what
            self.hint = hint
        }
    }

    init(_ parameter: Parameter, place: FaultPlace, tokens: ArraySlice<ConfigurationToken>) {
        self.parameter = parameter
        self.place = place
        self.tokens = tokens
    }

    /// - Parameter current: what the parameter is so far, for those that gather over several lines.
    mutating func value(current: ParameterValue) throws(Refusal) -> ParameterValue {
        let value = try readValue(current: current)
        if let extra = tokens.first {
            throw Refusal("unexpected \(extra.text) after the value of '\(parameter.name)'")
        }
        return value
    }

    private mutating func readValue(current: ParameterValue) throws(Refusal) -> ParameterValue {
        switch parameter.kind {
        case .text(let rule): .text(try text(rule))
        case .name: .text(try name())
        case .names, .scripts, .holdingdisks: .names(try names())
        case .tags: .names(try tags(current))
        case .integer(let rule): .integer(try integer(rule))
        case .real(let least): .real(try real(atLeast: least))
        case .bool: .bool(try bool())
        case .alwaysYes: .bool(try bool() || true)
        case .keyword(let keywords): .keyword(try keyword(of: keywords))
        case .noYesAll: .keyword(try noYesAll())
        case .compress: .keyword(try compress())
        case .holdingdisk: .keyword(try holdingdisk())
        case .keywords(let keywords): .keywords(try keywordList(of: keywords, separated: false))
        case .commaKeywords(let keywords): .keywords(try keywordList(of: keywords, separated: true))
        case .priority: .integer(try priority())
        case .rates: try rates()
        case .range(let bounds): try range(within: bounds)
        case .timeOfDay: .integer(try timeOfDay())
        case .integerOrText: .text(try integerOrText())
        case .selection: .selection(try selection(current))
        case .properties(let ofDevice, let isVisible):
            .properties(try properties(current, ofDevice: ofDevice, isVisible: isVisible))
        case .autolabel: .autolabel(try autolabel())
        case .labelConstraint: .labelConstraint(try labelConstraint())
        case .hostLimit(let takesNames): .hosts(try hostLimit(current, takesNames: takesNames))
        case .dumpSelection: .dumpSelections(try dumpSelections(current))
        case .vault: .vaults(try vaults(current))
        case .definition: .text(try text(.any))
        }
    }

    /// The next token, taken away.
    mutating func take() -> ConfigurationToken? {
        tokens.popFirst()
    }

    /// Takes the next token if it is one of these words, whatever their case.
    mutating func take(word: String) -> Bool {
        guard case .word(let found) = tokens.first, canonicalKeyword(found) == word else { return false }
        tokens.removeFirst()
        return true
    }

    func expected(_ what: String, found token: ConfigurationToken?, hint: String? = nil) -> Refusal {
        let found = token?.text ?? "the end of the line"
        return Refusal("'\(parameter.name)' must be \(what), found \(found)", hint: hint)
    }
}
