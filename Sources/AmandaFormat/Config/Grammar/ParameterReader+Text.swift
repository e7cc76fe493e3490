// SPDX-License-Identifier: Apache-2.0

import NearestName

extension ParameterReader {
    mutating func text(_ rule: TextRule) throws(Refusal) -> String {
        let token = take()
        guard case .string(let text) = token else {
            var hint: String?
            if case .word(let word) = token { hint = "write \"\(word)\"." }
            throw expected("a string in double quotes", found: token, hint: hint)
        }
        switch rule {
        case .any:
            return text
        case .noBlanksOrQuotes:
            try refuseBlanksAndQuotes(text)
            return text
        case .displayUnit:
            guard ["K", "M", "G", "T"].contains(text.uppercased()) else {
                throw Refusal("'displayunit' must be \"k\", \"m\", \"g\" or \"t\", found \"\(text)\"")
            }
            return text.uppercased()
        case .program:
            guard ["DUMP", "GNUTAR", "STAR", "APPLICATION"].contains(text) else {
                throw Refusal(
                    "'program' must be \"DUMP\", \"GNUTAR\", \"STAR\" or \"APPLICATION\", found \"\(text)\"")
            }
            return text
        }
    }

    func refuseBlanksAndQuotes(_ text: String) throws(Refusal) {
        guard !text.contains(where: { $0 == " " || $0 == "\"" }) else {
            throw Refusal("'\(parameter.name)' must hold neither blanks nor double quotes")
        }
    }

    /// A word or a string.
    mutating func name() throws(Refusal) -> String {
        let token = take()
        switch token {
        case .word(let name), .string(let name): return name
        default: throw expected("a name", found: token)
        }
    }

    /// One name or more.
    mutating func names() throws(Refusal) -> [String] {
        var names = [try name()]
        while !tokens.isEmpty { names.append(try name()) }
        return names
    }

    mutating func tags(_ current: ParameterValue) throws(Refusal) -> [String] {
        var tags: [String] = []
        if take(word: "append"), case .names(let before) = current { tags = before }
        while !tokens.isEmpty { tags.append(try text(.any)) }
        return tags
    }

    mutating func keyword(of keywords: [String]) throws(Refusal) -> String {
        let token = take()
        guard case .word(let word) = token,
            let keyword = keywords.first(where: { canonicalKeyword($0) == canonicalKeyword(word) })
        else {
            throw expected(Self.listed(keywords), found: token, hint: nearest(token, among: keywords))
        }
        return keyword
    }

    /// Those found, in the order of the table and without doubles where the table's order is Amanda's own.
    mutating func keywordList(of keywords: [String], separated: Bool) throws(Refusal) -> [String] {
        var found = [try keyword(of: keywords)]
        while !tokens.isEmpty {
            if separated {
                let token = take()
                guard token == .comma else { throw expected("separated by commas", found: token) }
            }
            found.append(try keyword(of: keywords))
        }
        return separated ? keywords.filter(found.contains) : found
    }

    mutating func noYesAll() throws(Refusal) -> String {
        if take(word: "all") || tokens.first == .integer(2) {
            if tokens.first == .integer(2) { tokens.removeFirst() }
            return "ALL"
        }
        return try bool() ? "YES" : "NO"
    }

    mutating func holdingdisk() throws(Refusal) -> String {
        for word in ["never", "auto", "required"] where take(word: word) { return word.uppercased() }
        guard let isWanted = Self.bool(&tokens) else {
            throw expected("never, auto or required", found: tokens.first)
        }
        return isWanted ? "AUTO" : "NEVER"
    }

    /// `none`, or where and how in any order; `client` and `fast` are understood where nothing is said.
    mutating func compress() throws(Refusal) -> String {
        let choices = "none, or client or server with fast, best or custom"
        var who: Set<String> = []
        var how: Set<String> = []
        while let token = take() {
            guard case .word(let word) = token else { throw expected(choices, found: token) }
            switch canonicalKeyword(word) {
            case "client", "server": who.insert(word.uppercased())
            case "none", "fast", "best", "custom": how.insert(word.uppercased())
            default:
                throw expected(
                    choices, found: token,
                    hint: nearest(token, among: ["none", "client", "server", "fast", "best", "custom"]))
            }
        }
        guard who.count < 2, how.count < 2 else {
            throw Refusal("'compress' must be \(choices), and not two of them")
        }
        let speed = how.first ?? "FAST"
        return speed == "NONE" ? speed : "\(who.first ?? "CLIENT") \(speed)"
    }

    static func listed(_ keywords: [String]) -> String {
        let words = keywords.map { $0.lowercased() }
        return words.dropLast().joined(separator: ", ") + " or " + (words.last ?? "")
    }

    func nearest(_ token: ConfigurationToken?, among names: [String]) -> String? {
        guard case .word(let word) = token, let name = nearestName(to: word, among: names) else { return nil }
        return "write '\(name.lowercased())'."
    }
}
