// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// `Docs/DEBUGGING.md` shows lines of the log; each must be one that a program can write.
@Suite struct DebuggingPageTests {
    @Test func `every line that the page shows has a text that stands in the sources`() throws {
        let templates = try Self.templates()
        let shown = try Self.shownLines()
        #expect(shown.count >= 12)
        for line in shown {
            #expect(templates[line.module]?.contains { $0.matches(line.message) } == true, "\(line)")
        }
    }

    @Test func `a text that no program writes is found out`() throws {
        let templates = try #require(try Self.templates()["Agent"])
        #expect(templates.contains { $0.matches("configuration read and checked") })
        #expect(!templates.contains { $0.matches("configuration read and believed") })
    }

    private struct ShownLine {
        let module: String
        let message: String
    }

    /// A string of the sources, cut at its interpolations.
    private struct Template {
        let pieces: [String]

        /// What is nothing but values says nothing.
        var isTelling: Bool { pieces.joined().count { $0.isLetter } >= 4 }

        func matches(_ message: String) -> Bool {
            guard pieces.count > 1 else { return pieces.first == message }
            var rest = message[...]
            guard rest.hasPrefix(pieces[0]), message.hasSuffix(pieces[pieces.count - 1]) else { return false }
            rest = rest.dropFirst(pieces[0].count).dropLast(pieces[pieces.count - 1].count)
            for piece in pieces[1..<(pieces.count - 1)] {
                guard let found = rest.range(of: piece) else { return false }
                rest = rest[found.upperBound...]
            }
            return true
        }
    }

    private static var package: String {
        URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().path
    }

    private static func shownLines() throws -> [ShownLine] {
        let page = try String(contentsOfFile: "\(package)/Docs/DEBUGGING.md", encoding: .utf8)
        return page.split(separator: "\n").compactMap { line in
            guard let match = line.wholeMatch(of: /\d{4}-\d\d-\d\dT\S+ [a-z]+ (\w+): (.+)/) else {
                return nil
            }
            let message = match.2.prefix(
                upTo: match.2.firstMatch(of: /\ \w+=/)?.range.lowerBound ?? match.2.endIndex)
            return ShownLine(module: String(match.1), message: String(message))
        }
    }

    /// Every string of the sources on one line, by module.
    private static func templates() throws -> [String: [Template]] {
        var templates: [String: [Template]] = [:]
        let sources = "\(package)/Sources"
        for path in try FileManager.default.subpathsOfDirectory(atPath: sources)
        where path.hasSuffix(".swift") {
            let folders = path.split(separator: "/").map(String.init)
            let module = folders[0] == "System" ? folders[1] : folders[0]
            let text = try String(contentsOfFile: "\(sources)/\(path)", encoding: .utf8)
            for line in text.split(separator: "\n") {
                templates[module, default: []] += strings(in: Array(line)).filter(\.isTelling)
            }
        }
        return templates
    }

    private static func strings(in line: [Character]) -> [Template] {
        var found: [Template] = []
        var index = 0
        while let start = line[index...].firstIndex(of: "\"") {
            var pieces = [""]
            index = start + 1
            while index < line.count, line[index] != "\"" {
                let next = index + 1 < line.count ? line[index + 1] : " "
                if line[index] == "\\", next == "(" {
                    index = end(ofInterpolation: index + 1, in: line)
                    pieces.append("")
                } else {
                    if line[index] == "\\" { index += 1 }
                    if index < line.count { pieces[pieces.count - 1].append(line[index]) }
                    index += 1
                }
            }
            index = min(index + 1, line.count)
            found.append(Template(pieces: pieces))
        }
        return found
    }

    private static func end(ofInterpolation start: Int, in line: [Character]) -> Int {
        var depth = 0
        for index in start..<line.count {
            if line[index] == "(" { depth += 1 }
            if line[index] == ")" { depth -= 1 }
            if depth == 0 { return index + 1 }
        }
        return line.count
    }
}
