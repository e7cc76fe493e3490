// SPDX-License-Identifier: Apache-2.0

/// The blocks of PEM in a text that people have handled: printed and read in again, indented, quoted in a mail (`> `), with blanks at
/// line ends, with empty lines between or with Windows' line ends. Headers inside a block, such as `Proc-Type`, and the empty line after
/// them are kept.
package struct PEMBlocks {
    /// Kind, such as `EC PRIVATE KEY`, and the block with its marks.
    package let all: [(kind: String, text: String)]

    /// How a kind of private key is marked: PKCS#8, plain and encrypted, SEC1, PKCS#1.
    package static let privateKeys: Set<String> = [
        "PRIVATE KEY", "ENCRYPTED PRIVATE KEY", "EC PRIVATE KEY", "RSA PRIVATE KEY",
    ]

    private static let (begin, end, dashes) = ("-----BEGIN ", "-----END ", "-----")

    package init(of text: String) {
        var found: [(String, String)] = []
        var open: (kind: String, lines: [Substring])?
        for line in text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline) {
            let line = HandledText.trimmed(line)
            // Whatever begins there ends what was not ended.
            if line.hasPrefix(Self.begin) { open = Self.kind(of: line, after: Self.begin).map { ($0, []) } }
            open?.lines.append(line)
            guard let kind = Self.kind(of: line, after: Self.end), let block = open, block.kind == kind else {
                continue
            }
            // To libcrypto what stands before an empty line is a header.
            let hasHeaders = block.lines.contains { $0.contains(":") }
            let lines = hasHeaders ? block.lines : block.lines.filter { !$0.isEmpty }
            found.append((kind, lines.joined(separator: "\n") + "\n"))
            open = nil
        }
        all = found
    }

    /// Every block of one of the kinds.
    package func blocks(of kinds: Set<String>) -> [String] {
        all.filter { kinds.contains($0.kind) }.map(\.text)
    }

    private static func kind(of line: Substring, after mark: String) -> String? {
        guard line.hasPrefix(mark), line.hasSuffix(dashes), line.count > mark.count + dashes.count else {
            return nil
        }
        return String(line.dropFirst(mark.count).dropLast(dashes.count))
    }
}

/// What people's programs put around the lines of a text.
package enum HandledText {
    /// Without blanks at either end, nor the marks of one who is quoted.
    package static func trimmed(_ line: Substring) -> Substring {
        var line = line.drop { $0.isWhitespace || $0 == ">" }
        while line.last?.isWhitespace == true { line.removeLast() }
        return line
    }
}
