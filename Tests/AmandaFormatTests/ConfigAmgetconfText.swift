// SPDX-License-Identifier: Apache-2.0

import Secret

@testable import AmandaFormat

/// What stock `amgetconf` prints for each parameter, made from our own reading: the two must agree.
///
/// Source: Amanda 3.5.1 `common-src/conffile.c`, `val_t_display_strs` without quotes for strings.
enum AmgetconfText {
    /// `NAME`, or `KIND:NAME:PARAMETER`, to the lines that `amgetconf` prints. Properties come sorted.
    static func all(of configuration: AmandaConfiguration) -> [String: [String]] {
        var texts: [String: [String]] = [:]
        let document = configuration.document
        for parameter in ParameterTable.global.parameters {
            texts[parameter.name] = lines(document.global.value(parameter.name), parameter)
        }
        for kind in DefinitionKind.allCases {
            texts["--list \(kind.rawValue)"] = document.blocks(kind).map(\.name)
            for block in document.blocks(kind) {
                for parameter in kind.table.parameters {
                    texts["\(kind.rawValue):\(block.name):\(parameter.name)"] = lines(
                        block.value(parameter.name), parameter)
                }
            }
        }
        return texts
    }

    static func lines(_ value: ParameterValue, _ parameter: Parameter) -> [String] {
        switch value {
        case .text(let text):
            named(text, parameter).split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        case .names(let names):
            switch parameter.kind {
            case .tags:
                names.isEmpty ? [] : [names.map(AmandaQuotedString.quoteAlways).joined(separator: " ")]
            default: [names.isEmpty ? "\"\"" : names.joined(separator: " ")]
            }
        case .integer(let number):
            [integer(number, parameter)]
        case .real(let number):
            [fixed(number)]
        case .bool(let bool):
            [bool ? "yes" : "no"]
        case .keyword(let keyword):
            [parameter.kind == .noYesAll ? keyword.lowercased() : keyword]
        case .keywords(let keywords):
            if case .commaKeywords = parameter.kind {
                [keywords.joined(separator: ", ")]
            } else {
                [keywords.joined(separator: " ")]
            }
        case .rates(let full, let incremental):
            ["\(fixed(full)) \(fixed(incremental))"]
        case .range(let first, let last):
            ["\(first),\(last)"]
        case .selection(let selection):
            [
                patterns("LIST", selection.lists, selection.isOptional),
                patterns("FILE", selection.files, selection.isOptional),
            ]
        case .properties(let properties):
            properties.map(line).sorted()
        case .autolabel(let autolabel):
            [line(autolabel)]
        case .labelConstraint(.matchAutolabel):
            ["MATCH-AUTOLABEL"]
        case .labelConstraint(.expression(let expression)):
            [AmandaQuotedString.quoteAlways(expression)]
        case .hosts(let limit):
            [
                (limit.allowsSameHost ? "SAME-HOST " : "") + (limit.allowsServer ? "SERVER " : "")
                    + limit.hosts.map { AmandaQuotedString.quoteAlways($0) + " " }.joined()
            ]
        case .dumpSelections(let selections):
            selections.map { "\($0.tag.map(AmandaQuotedString.quoteAlways) ?? $0.keyword) \($0.levels)" }
        case .vaults(let rules):
            rules.map { "\(AmandaQuotedString.quoteAlways($0.storage)) \($0.days)" }
        }
    }

    private static func named(_ text: String?, _ parameter: Parameter) -> String {
        guard let text else { return "" }
        if case .definition(.application) = parameter.kind { return AmandaQuotedString.quoteAlways(text) }
        return text
    }

    private static func integer(_ number: Int64, _ parameter: Parameter) -> String {
        switch parameter.kind {
        case .priority where (0...2).contains(number): ["LOW", "MEDIUM", "HIGH"][Int(number)]
        case .timeOfDay:
            padded(String(number / 100), to: 2, with: " ") + padded(String(number % 100), to: 2, with: "0")
        default: String(number)
        }
    }

    private static func padded(_ text: String, to count: Int, with letter: Character) -> String {
        String(repeating: letter, count: max(0, count - text.count)) + text
    }

    private static func fixed(_ number: Double) -> String {
        let scaled = Int64((number * 100_000).rounded())
        return "\(scaled / 100_000).\(padded(String(scaled % 100_000), to: 5, with: "0"))"
    }

    private static func patterns(_ kind: String, _ patterns: [String], _ isOptional: Bool) -> String {
        ([kind] + (isOptional ? ["OPTIONAL"] : []) + patterns.map(AmandaQuotedString.quoteAlways))
            .joined(separator: " ")
    }

    private static func line(_ property: ConfigurationProperty) -> String {
        var words: [String] = []
        words.append(property.isVisible ? "visible" : "hidden")
        if property.hasPriority { words.append("priority") }
        words.append(AmandaQuotedString.quoteAlways(property.name))
        return (words + property.values.map { AmandaQuotedString.quoteAlways($0.plaintext) })
            .joined(separator: " ")
    }

    private static func line(_ autolabel: Autolabel) -> String {
        guard autolabel != .none else { return "\"\"" }
        let words = [
            (autolabel.takesOtherConfiguration, "OTHER-CONFIG"), (autolabel.takesForeign, "NON-AMANDA"),
            (autolabel.takesVolumeError, "VOLUME-ERROR"), (autolabel.takesEmpty, "EMPTY"),
        ].filter(\.0).map(\.1)
        return ([AmandaQuotedString.quoteAlways(autolabel.template ?? "")] + words).joined(separator: " ")
    }
}
