// SPDX-License-Identifier: Apache-2.0

import Digest
import XML

/// What a configuration says, however a store writes it down: in another order, with blanks of its own, dates without a
/// fraction.
extension LifecycleDocument {
    /// Of what it says.
    var digest: String {
        SHA256.digest(Array(presentRules.map(\.meaning).sorted().joined(separator: "\n").utf8)).hexadecimal
    }

    /// The rule stands, whatever its id and form.
    func holds(_ rule: TransitionRule) -> Bool {
        let texts = rules.filter { $0.onlyMoves(rule.prefix) }.map { rule.text(id: $0.id, usesFilter: false) }
        let meanings = texts.compactMap { try? XMLElement(parsing: Array($0.utf8)).meaning }
        return presentRules.contains { meanings.contains($0.meaning) }
    }

    private var presentRules: [XMLElement] { (try? XMLElement(parsing: bytes))?.all("Rule") ?? [] }
}

extension XMLElement {
    /// A filter of a prefix alone is a prefix.
    fileprivate var meaning: String {
        if name == "Filter", elements.map(\.name) == ["Prefix"] { return elements[0].meaning }
        if elements.isEmpty { return "<\(name)>\(text.replacing(".000Z", with: "Z"))" }
        return "<\(name)>{\(elements.map(\.meaning).sorted().joined())}"
    }
}
