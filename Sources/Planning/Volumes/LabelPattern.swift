// SPDX-License-Identifier: Apache-2.0

import AmandaFormat

/// `labelstr`: which labels belong to a configuration.
///
/// A POSIX extended regular expression that is searched for in the label; the variables of `autolabel` stand for
/// themselves, `%` for a digit, `!` for a capital. `MATCH-AUTOLABEL` is the autolabel template so read.
/// Source: amanda.conf(5), `labelstr`; agrees with Amanda 3.5.1's `match_labelstr_template`.
public struct LabelPattern: Equatable, Sendable {
    /// As it stands in `amanda.conf`, or the autolabel template for `MATCH-AUTOLABEL`.
    public let text: String
    private let variables: LabelVariables

    /// - Parameter autolabel: the template that stands in for `MATCH-AUTOLABEL`, Amanda's default.
    init(labelstr: String?, autolabel: LabelTemplate?, variables: LabelVariables) {
        if let labelstr, labelstr.uppercased() != "MATCH-AUTOLABEL",
            labelstr.uppercased() != "MATCH_AUTOLABEL"
        {
            text = labelstr
        } else {
            text = autolabel?.template ?? ""
        }
        self.variables = variables
    }

    /// Whether `labelstr` is a regular expression at all.
    var isValid: Bool {
        ExtendedRegularExpression(LabelTemplate(text).pattern(variables)) != nil
    }

    func matches(_ label: String) -> Bool {
        ExtendedRegularExpression(LabelTemplate(text).pattern(variables))?.isFound(in: label) ?? false
    }
}
