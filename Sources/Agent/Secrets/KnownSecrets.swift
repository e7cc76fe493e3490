// SPDX-License-Identifier: Apache-2.0

import AgentAPI

/// What a job knows to be secret, taken out of whatever it repeats of the words of others.
///
/// Shape: of the keys and credentials that came sealed each line of text, and each value behind a `=`. A program that says them in
/// another form is not seen through. Costs a search of the text for each of them.
struct KnownSecrets: Sendable {
    static let none = KnownSecrets([])
    /// Shorter ones stand in too many words.
    private static let leastByteCount = 6
    private static let countLimit = 5_000
    private static let mark = "<secret>"

    /// The longest first: another may be a part of it.
    private let phrases: [String]

    init(_ files: [SealedFile]) {
        let lines = files.filter { $0.kind == .encryption || $0.kind == .credentials }.flatMap { file in
            file.content.split { $0 == 0x0A || $0 == 0x0D }.compactMap {
                String(validating: $0, as: UTF8.self)
            }
        }
        let values = lines.flatMap { line -> [String] in
            let line = Self.trimmed(line)
            guard !line.hasPrefix("-----"), !line.hasPrefix("#"), !line.hasPrefix("[") else { return [] }
            guard let equals = line.firstIndex(of: "=") else { return [line] }
            return [line, Self.trimmed(line[line.index(after: equals)...])]
        }
        phrases = Array(
            Set(values.filter { $0.utf8.count >= Self.leastByteCount }).sorted {
                ($1.utf8.count, $0) < ($0.utf8.count, $1)
            }.prefix(Self.countLimit))
    }

    /// UTF-8 bytes of the longest.
    var longestByteCount: Int { phrases.first?.utf8.count ?? 0 }

    func hidden(in text: String) -> String {
        phrases.reduce(text) { $0.replacing($1, with: Self.mark) }
    }

    private static func trimmed(_ text: some StringProtocol) -> String {
        let start = text.drop(while: \.isWhitespace)
        return String(
            start[..<(start.lastIndex { !$0.isWhitespace }.map(start.index(after:)) ?? start.startIndex)])
    }
}
