// SPDX-License-Identifier: Apache-2.0

import Logging

/// Text as it may stand in a log: on one line, of a bounded length, without anything that a terminal would obey.
///
/// Much of it comes from elsewhere: paths, what programs and other machines say.
enum LogText {
    /// In Unicode scalars.
    static let longestMessage = 1000
    static let longestValue = 300

    /// A line's end becomes ` | `, every other control or format character `?`; what is too long ends in `…`.
    static func clean(_ text: String, most: Int = longestValue) -> String {
        var clean = String.UnicodeScalarView()
        var count = 0
        for scalar in text.unicodeScalars {
            guard count < most else {
                clean.append("…")
                break
            }
            count += 1
            if scalar == "\n" {
                clean.append(contentsOf: " | ".unicodeScalars)
            } else {
                clean.append(scalar.isObeyed ? "?" : scalar)
            }
        }
        return String(clean)
    }

    /// ` key=value …`; a value with a space, a quote or a `=` in it stands in quotes.
    static func line(_ metadata: Logger.Metadata) -> String {
        metadata.sorted { $0.key < $1.key }.map { key, value in " \(key)=\(quoted(clean("\(value)")))" }
            .joined()
    }

    private static func quoted(_ text: String) -> String {
        let isPlain = !text.isEmpty && !text.utf8.contains { $0 == 0x20 || $0 == 0x22 || $0 == 0x3D }
        return isPlain ? text : "\"\(text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\""))\""
    }
}

extension String {
    /// Text that came from elsewhere, on one line and cut: nobody makes another's log grow, or begins a line of his own in it.
    public var forLog: String { LogText.clean(self) }
}

extension Unicode.Scalar {
    /// Moves a cursor, ends a line or turns the direction of what follows.
    fileprivate var isObeyed: Bool {
        switch properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator, .privateUse, .surrogate, .unassigned:
            true
        default: false
        }
    }
}
