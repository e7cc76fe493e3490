// SPDX-License-Identifier: Apache-2.0

import Foundation

/// Text inside XML.
enum XMLText {
    private static let entities = [
        ("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"), ("\"", "&quot;"), ("'", "&apos;"),
    ]

    static func escaped(_ text: String) -> String {
        entities.reduce(text) { $0.replacingOccurrences(of: $1.0, with: $1.1) }
    }

    static func unescaped(_ text: String) -> String {
        entities.reversed().reduce(text) { $0.replacingOccurrences(of: $1.1, with: $1.0) }
    }
}
