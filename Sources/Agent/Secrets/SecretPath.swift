// SPDX-License-Identifier: Apache-2.0

import Files

/// An absolute path that leads nowhere but down: no `.`, no `..`, no empty names.
struct SecretPath: Sendable, Hashable {
    private static let byteCountLimit = 1_024

    let text: String
    let names: [String]

    /// nil: it is none.
    init?(_ text: String) {
        let pieces = text.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
        let names = pieces.dropFirst().map { String(decoding: $0, as: UTF8.self) }
        let isPlain = names.allSatisfy {
            !$0.isEmpty && $0 != "." && $0 != ".." && $0.utf8.count <= 255
                && !$0.unicodeScalars.contains { $0.value < 0x20 || $0.value == 0x7F }
        }
        guard pieces.first?.isEmpty == true, !names.isEmpty, isPlain, text.utf8.count <= Self.byteCountLimit
        else {
            return nil
        }
        self.text = text
        self.names = names
    }

    /// Its directory: `/` for `/x`.
    var directory: String { "/" + names.dropLast().joined(separator: "/") }
    var name: String { names.last ?? "" }

    /// What it is called below a directory; nil: it does not lie there.
    func below(_ directory: String) -> String? {
        text.path(below: directory)
    }
}
