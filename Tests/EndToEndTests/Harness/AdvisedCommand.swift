// SPDX-License-Identifier: Apache-2.0

import Foundation

/// A command line of ours that a document, or a text of the programs, tells somebody to type.
struct AdvisedCommand: Hashable, Sendable {
    /// For a shell, the program first.
    let line: String
    /// The file that says so.
    let file: String

    var words: [String] { line.split(separator: " ").map(String.init) }

    /// Those of the documents (spans, and lines of blocks) and of the texts in the sources.
    static func all() throws -> [AdvisedCommand] {
        let documents = ["README.md"] + (try files(in: "Docs", ending: ".md"))
        return try documents.flatMap(inDocument) + files(in: "Sources", ending: ".swift").flatMap(inSource)
    }

    private static func files(in folder: String, ending: String) throws -> [String] {
        try FileManager.default.subpathsOfDirectory(atPath: "\(Machine.package)/\(folder)").sorted()
            .filter { $0.hasSuffix(ending) }.map { "\(folder)/\($0)" }
    }

    private static func text(of file: String) throws -> String {
        try String(contentsOfFile: "\(Machine.package)/\(file)", encoding: .utf8)
            .replacing(/\\\n\s*/, with: "")
    }

    /// In a block a command ends at a comment, a pipe, a redirection or the bracket that began with it.
    private static func inDocument(_ file: String) throws -> [AdvisedCommand] {
        var isFenced = false
        return try text(of: file).split(separator: "\n").flatMap { line -> [AdvisedCommand] in
            if line.hasPrefix("```") {
                isFenced.toggle()
                return []
            }
            let found =
                isFenced
                ? line.matches(of: /(?:^|\$\()(amfleetd? [^#|>)]*)/).map(\.1)
                : line.matches(of: /`(amfleetd? [^`]+)`/).map(\.1)
            return found.flatMap { alternatives(String($0), file) }
        }
    }

    /// What stands in quotation marks, and lines of their own in lists of what to type next.
    private static func inSource(_ file: String) throws -> [AdvisedCommand] {
        let code = try text(of: file).replacing(/\n\s*\/\/[^\n]*/, with: "").replacing(/"\s*\+ "/, with: "")
        let text = withoutInterpolations(code)
        let found =
            text.matches(of: /'(amfleetd? (?:[a-z]|--)[^'"\n]*)'/).map(\.1)
            + text.matches(of: /(?:"  |next: |INDENT)(amfleetd? [a-z][^"\n;,#]*)/).map(\.1)
        return found.flatMap { alternatives(String($0), file) }
    }

    /// `\(node)` is some word: a run where it is called so.
    private static func withoutInterpolations(_ text: String) -> String {
        var (result, inner, depth) = ("", "", 0)
        for character in text {
            if depth > 0 {
                depth += character == "(" ? 1 : character == ")" ? -1 : 0
                guard depth == 0 else {
                    inner.append(character)
                    continue
                }
                result += inner == "indent" ? "INDENT" : inner.contains("run") ? "20261123030600" : "node01"
            } else if character == "(", result.last == "\\" {
                result.removeLast()
                (inner, depth) = ("", 1)
            } else {
                result.append(character)
            }
        }
        return result
    }

    /// `revoke NAME|coordinator` is two. Brackets hold what may be left out, and here is not.
    private static func alternatives(_ text: String, _ file: String) -> [AdvisedCommand] {
        guard !text.contains("…") else { return [] }
        let words = text.replacing(/[\[\]]/, with: "").replacing("\\|", with: "|")
            .split(separator: " ").filter { !$0.hasSuffix("INDENT") }
        return words.reduce([""]) { lines, word in
            let choices = word.contains("=") ? [word] : word.split(separator: "|")
            return lines.flatMap { line in choices.map { "\(line) \(values[String($0)] ?? String($0))" } }
        }.map { AdvisedCommand(line: String($0.dropFirst()), file: file) }
    }

    /// Where not any word will do.
    private static let values = ["RUN": "20261123030600", "VERB": "list", "LEVEL": "info"]
}
