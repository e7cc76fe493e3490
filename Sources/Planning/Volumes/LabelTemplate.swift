// SPDX-License-Identifier: Apache-2.0

import AmandaFormat
public import Faults

/// What the variables of a template stand for.
public struct LabelVariables: Equatable, Sendable {
    /// `$c`
    public var configuration: String
    /// `$o`
    var organisation: String
    /// `$r`
    public var storage: String

    init(configuration: String, organisation: String, storage: String) {
        self.configuration = configuration
        self.organisation = organisation
        self.storage = storage
    }
}

/// The template of `autolabel`, e.g. `X-%%%%`, from which new volumes get their labels.
///
/// `$c` configuration, `$o` org, `$r` storage, `$b` barcode and `$m` meta label (both empty on S3), `$s` or `$3s` the
/// slot's number, `$$` a dollar; one run of `%` is a number from 1, one run of `!` letters from A.
/// Source: amanda.conf(5), `autolabel`; Amanda 3.5.1 `perl/Amanda/Changer.pm`, `make_new_tape_label`.
public struct LabelTemplate: Equatable, Sendable {
    let template: String

    init(_ template: String) {
        self.template = template
    }

    /// The first label that is not in `taken`.
    ///
    /// - Parameter slotNumber: for `$s`; counted from 1.
    func newLabel(
        taken: Set<String>, variables: LabelVariables, slotNumber: Int
    ) throws(LabelTemplateError) -> String {
        let filled = fill(variables, slotNumber: slotNumber)
        let runs = Self.placeholderRuns(in: filled)
        guard let run = runs.first else {
            if String(filled) == template { throw .neverChanges(template: template) }
            let label = String(filled)
            if taken.contains(label) { throw .exhausted(template: template, count: 1) }
            return label
        }
        guard runs.count == 1 else { throw .severalRuns(template: template) }
        let (base, first) = run.isNumber ? (10, 1) : (26, 0)
        let width = min(run.range.count, 9)
        let count = (0..<width).reduce(1) { product, _ in product * base }
        // One more than is taken is enough to find a free one.
        for number in first..<min(count, first + taken.count + 1) {
            let label = String(
                filled[..<run.range.lowerBound] + Self.digits(number, base: base, width: run.range.count)
                    + filled[run.range.upperBound...])
            if !taken.contains(label) { return label }
        }
        throw .exhausted(template: template, count: count - first)
    }

    /// The regular expression that the labels of this template match.
    func pattern(_ variables: LabelVariables) -> String {
        expand(variables) {
            .init($0.count == 0 ? "[0-9]+" : "[0-9]{\($0.count),}")
        } escape: {
            ExtendedRegularExpression.escaped($0)
        }
        .reduce(into: "") { $0 += $1 == "%" ? "[0-9]" : $1 == "!" ? "[A-Z]" : String($1) }
    }

    private func fill(_ variables: LabelVariables, slotNumber: Int) -> [Character] {
        Array(
            expand(variables) { width in
                let digits = String(slotNumber)
                return String(repeating: "0", count: max(0, width.count - digits.count)) + digits
            } escape: {
                $0
            })
    }

    /// The width of `$3s`.
    private struct SlotWidth {
        var count: Int
    }

    private func expand(
        _ variables: LabelVariables, slot: (SlotWidth) -> String, escape: (String) -> String
    ) -> String {
        var result = ""
        var rest = Array(template)[...]
        while let character = rest.popFirst() {
            guard character == "$" else {
                result.append(character)
                continue
            }
            let digits = rest.prefix { $0.isASCII && $0.isNumber }
            if rest.dropFirst(digits.count).first == "s" {
                result += slot(SlotWidth(count: min(Int(String(digits)) ?? 0, 32)))
                rest = rest.dropFirst(digits.count + 1)
                continue
            }
            switch rest.first {
            case "c": result += escape(variables.configuration)
            case "o": result += escape(variables.organisation)
            case "r": result += escape(variables.storage)
            case "b", "m": break
            case "$": result += escape("$")
            default:
                result.append("$")
                continue
            }
            rest.removeFirst()
        }
        return result
    }

    private static func placeholderRuns(in text: [Character]) -> [(range: Range<Int>, isNumber: Bool)] {
        var runs: [(range: Range<Int>, isNumber: Bool)] = []
        for (index, character) in text.enumerated() where character == "%" || character == "!" {
            if let last = runs.last, last.range.upperBound == index, last.isNumber == (character == "%") {
                runs[runs.count - 1].range = last.range.lowerBound..<(index + 1)
            } else {
                runs.append((index..<(index + 1), character == "%"))
            }
        }
        return runs
    }

    private static func digits(_ number: Int, base: Int, width: Int) -> [Character] {
        var rest = number
        var digits: [Character] = []
        let alphabet: [Character] = base == 10 ? Array("0123456789") : Array("ABCDEFGHIJKLMNOPQRSTUVWXYZ")
        for _ in 0..<width {
            digits.insert(alphabet[rest % base], at: 0)
            rest /= base
        }
        return digits
    }
}

/// Why a template gives no label.
public enum LabelTemplateError: Fault, Equatable {
    case neverChanges(template: String)
    case severalRuns(template: String)
    case exhausted(template: String, count: Int)

    public var facts: String { text.facts }
    public var hint: String? { text.hint }

    private var text: FaultText {
        switch self {
        case .neverChanges(let template):
            FaultText(
                "autolabel template '\(template)' gives every volume the same label",
                hint: "put '%%%%' where the number shall stand.")
        case .severalRuns(let template):
            "autolabel template '\(template)' has more than one run of '%' or '!'"
        case .exhausted(let template, let count):
            "every label of autolabel template '\(template)' is taken (\(count))"
        }
    }
}
