// SPDX-License-Identifier: Apache-2.0

import AmandaFormat
import HiddenCharacters

/// What nobody sees in a list of excludes or includes. tar takes it for a part of a pattern, which then matches nothing that a person
/// would expect; so does stock Amanda, and the dump goes on.
enum HiddenPattern {
    /// A remark on a list; nil: there is nothing hidden in it.
    static func remark(_ bytes: [UInt8], _ kind: String, path: String) -> String? {
        let form = TextForm(of: bytes)
        if let what = form.fault, let mend = form.mend(path) {
            return
                "the \(kind) list \(path) \(what), and tar takes it for a part of the first pattern; run: \(mend)"
        }
        let lines = bytes.split(separator: 10, omittingEmptySubsequences: false)
        if lines.contains(where: { $0.last == 13 }) {
            return
                "the lines of the \(kind) list \(path) end with U+000D CARRIAGE RETURN, which tar takes for a part of each "
                + "pattern; run: sed -i 's/\\r$//' '\(path)'"
        }
        for (index, line) in lines.enumerated() {
            guard let hidden = HiddenCharacter(firstIn: String(amandaBytes: line)) else { continue }
            return
                "\(path):\(index + 1):\(hidden.column): \(hidden.name) stands in the \(kind) list, where nobody sees it: it is a part of "
                + "the pattern"
        }
        return nil
    }
}
