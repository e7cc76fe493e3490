// SPDX-License-Identifier: Apache-2.0

import Digest
import XML

/// What Amanda puts into headers as XML.
extension XMLElement {
    /// Reads a text that holds exactly one element; bytes that are not UTF-8 survive.
    init(amanda text: String) throws(HeaderError) {
        do {
            try self.init(parsing: text.amandaBytes, decode: { String(amandaBytes: $0) })
        } catch {
            throw .malformedDLE(what: error.description)
        }
    }

    /// What the element means: the bytes of its `raw` attribute if it has one, else its text.
    var content: String {
        guard attributes["encoding"] == "raw", let raw = attributes["raw"],
            let bytes = [UInt8](base64: raw)
        else { return text }
        return String(amandaBytes: bytes)
    }

    func value(_ name: String) -> String? { child(name)?.content }
}

extension String {
    /// Without the white space at either end.
    var trimmingSpace: String {
        let isSpace: (Character) -> Bool = { $0 == " " || $0 == "\t" || $0.isNewline }
        let rest = drop(while: isSpace)
        guard let last = rest.lastIndex(where: { !isSpace($0) }) else { return "" }
        return String(rest[...last])
    }
}
