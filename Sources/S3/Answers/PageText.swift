// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials

/// The text in the body of an answer that is no error of S3: a proxy's page, a service's JSON, a bare line.
enum PageText {
    /// Each piece of text once, in order; of JSON only the members that say what is wrong. Empty for what is no text.
    static func of(_ body: [UInt8]) -> String {
        let head = body.prefix(byteLimit)
        guard !head.contains(0) else { return "" }
        let text = String(decoding: head, as: UTF8.self)
        if text.drop(while: \.isWhitespace).first == "{" { return ofJSON(body) }
        return text.contains("<") ? ofMarkup(text) : text
    }

    /// A page says what it has to say at its beginning.
    private static let byteLimit = 16 << 10

    /// A document of credentials has none of these.
    private static func ofJSON(_ body: [UInt8]) -> String {
        struct Said: Decodable {
            var code: Text?
            var Code: Text?
            var error: Text?
            var message: Text?
            var Message: Text?
        }
        guard let said = try? JSONDecoder().decode(Said.self, from: Data(body)) else { return "" }
        let words = [said.code, said.Code, said.error, said.message, said.Message]
        return words.compactMap { $0?.value }.filter { !$0.isEmpty }.joined(separator: ": ")
    }

    /// A member that may be anything; what is no text or number says nothing.
    private struct Text: Decodable {
        let value: String

        init(from decoder: any Decoder) throws {
            let container = try decoder.singleValueContainer()
            if let text = try? container.decode(String.self) {
                value = text
            } else {
                value = (try? container.decode(Int.self)).map(String.init) ?? ""
            }
        }
    }

    private static func ofMarkup(_ text: String) -> String {
        var pieces: [String] = []
        var rest = text[...]
        while let tag = rest.firstIndex(of: "<") {
            take(rest[..<tag], &pieces)
            rest = rest[tag...]
            rest = rest[end(of: rest)...]
        }
        take(rest, &pieces)
        return pieces.joined(separator: " ")
    }

    private static func take(_ text: Substring, _ pieces: inout [String]) {
        let piece = entities.reduce(String(text)) { $0.replacing($1.name, with: $1.text) }
            .split(whereSeparator: \.isWhitespace).joined(separator: " ")
        if !piece.isEmpty, !pieces.contains(piece) { pieces.append(piece) }
    }

    /// Behind a tag; behind the whole of what holds no text.
    private static func end(of tag: Substring) -> Substring.Index {
        for (start, end) in silent where tag.prefix(start.count).lowercased() == start {
            return tag.firstRange(of: end)?.upperBound ?? tag.endIndex
        }
        return tag.firstIndex(of: ">").map(tag.index(after:)) ?? tag.endIndex
    }

    private static let silent = [("<!--", "-->"), ("<style", "</style>"), ("<script", "</script>")]

    private static let entities: [(name: String, text: String)] = [
        ("&nbsp;", " "), ("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&#39;", "'"),
        ("&amp;", "&"),
    ]
}
