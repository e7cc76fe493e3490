// SPDX-License-Identifier: Apache-2.0

internal import NearestName

extension ConfigurationParser {
    /// `define KIND NAME {` up to its `}`.
    mutating func readDefinition(_ line: ConfigurationLine) {
        let kind: DefinitionKind? =
            if line.tokens.count > 1, case .word(let word) = line.tokens[1] {
                DefinitionKind(keyword: word)
            } else {
                nil
            }
        guard let kind else {
            let found = line.tokens.dropFirst().first
            let nearest = found?.name.flatMap { nearestName(to: $0, among: DefinitionKind.keywords) }
            fault(
                line, "'define' must name what it defines, found \(found?.text ?? "the end of the line")",
                hint: nearest.map { "write 'define \($0)'." })
            if opens(line) { skipBlock() }
            return
        }
        guard let name = definedName(line, after: 2, keyword: "define \(kind.rawValue)") else {
            if opens(line) { skipBlock() }
            return
        }
        var block = ConfigurationBlock(kind, name: name, place: place(line))
        takeGlobalDefaults(&block)
        readBody(of: &block, line)
        save(block)
    }

    /// `holdingdisk NAME {`, which defines a holding disk and uses it.
    mutating func readHoldingDisk(_ line: ConfigurationLine) {
        guard let name = definedName(line, after: 1, keyword: "holdingdisk") else {
            if opens(line) { skipBlock() }
            return
        }
        var block = ConfigurationBlock(.holdingdisk, name: name, place: place(line))
        readBody(of: &block, line)
        save(block)
        addHoldingDisks([name], line)
    }

    /// `holdingdisk NAME NAME …`, which uses holding disks that are defined.
    mutating func useHoldingDisks(_ line: ConfigurationLine) {
        let names = line.tokens.dropFirst().compactMap(\.name)
        guard !names.isEmpty, names.count == line.tokens.count - 1 else {
            return fault(line, "'holdingdisk' must be followed by names")
        }
        addHoldingDisks(names, line)
    }

    private mutating func addHoldingDisks(_ names: [String], _ line: ConfigurationLine) {
        guard let parameter = ParameterTable.global.parameter("holdingdisk") else { return }
        let before = document.global.names("holdingdisk")
        for name in names where before.contains(name) {
            fault(line, "holding disk '\(name)' is in use already")
        }
        var global = document.global
        set(parameter, .names(before + names), line, in: &global)
        document.global = global
    }

    private func opens(_ line: ConfigurationLine) -> Bool {
        line.tokens.last == .leftBrace
    }

    /// The one name between the keyword and the brace that ends the line.
    private mutating func definedName(
        _ line: ConfigurationLine, after index: Int, keyword: String
    ) -> String? {
        let rest = line.tokens.dropFirst(index)
        let pieces = Array(rest.prefix { $0 != .leftBrace })
        guard let name = pieces.first?.name else {
            fault(
                line,
                "'\(keyword)' must be followed by a name, found \(rest.first?.text ?? "the end of the line")")
            return nil
        }
        guard pieces.count == 1 else {
            let together = pieces.compactMap(\.spelling).joined()
            fault(
                line, "the name after '\(keyword)' holds a blank, which Amanda does not allow",
                hint: "write \(keyword) \(together) {.")
            return nil
        }
        guard !name.isEmpty, !name.contains(where: { $0 == " " || $0 == "\"" }) else {
            fault(
                line, "the name '\(name)' must hold neither blanks nor double quotes",
                hint: "write \(keyword) \(name.filter { $0 != " " && $0 != "\"" }) {.")
            return nil
        }
        if rest.count == 1, lines.first?.tokens.first == .leftBrace {
            fault(line, "the '{' must stand at the end of this line, not on the next")
            lines.removeFirst()
        } else if rest.count == 1 {
            fault(line, "'\(keyword) \(name)' must end with '{'")
            return nil
        } else if rest.count > 2 {
            fault(line, "the '{' must end its line", hint: "begin a new line after it.")
            if rest.last == .rightBrace { return nil }
        }
        return name
    }

    /// Everything up to the closing brace, which stands alone on its line.
    mutating func readBody(of block: inout ConfigurationBlock, _ opening: ConfigurationLine) {
        while let line = lines.first {
            if line.tokens[0] == .rightBrace {
                lines.removeFirst()
                if line.tokens.count > 1 { fault(line, "nothing may follow the '}' on its line") }
                return
            }
            guard !beginsAnother(line, within: block) else { break }
            lines.removeFirst()
            readBodyLine(line, of: &block)
        }
        let next = lines.first.map { " before line \($0.number), where something else begins" } ?? ""
        fault(
            opening, "the '{' that opens \(Self.title(block)) is never closed\(next)",
            hint: "put a '}' on a line of its own after its last parameter.")
        lines = lines[...]
    }

    /// Whether a line shows that a closing brace is missing above it: it begins a definition, or is a global
    /// parameter while no closing brace comes before the next definition.
    private func beginsAnother(_ line: ConfigurationLine, within block: ConfigurationBlock) -> Bool {
        guard case .word(let word) = line.tokens[0] else { return false }
        let keyword = canonicalKeyword(word)
        if keyword == "define" || keyword == "includefile" { return true }
        if keyword == "holdingdisk", opens(line) { return true }
        guard block.table.parameter(word) == nil, ParameterTable.global.parameter(word) != nil else {
            return false
        }
        let next = lines.dropFirst().first { later in
            later.tokens[0] == .rightBrace || later.tokens[0].isWord("define")
        }
        return next?.tokens[0] != .rightBrace
    }

    private mutating func readBodyLine(_ line: ConfigurationLine, of block: inout ConfigurationBlock) {
        if let closing = line.tokens.dropFirst().firstIndex(of: .rightBrace), closing == line.tokens.count - 1
        {
            fault(line, "the '}' must stand on a line of its own")
            lines.insert(ConfigurationLine(number: line.number, tokens: [.rightBrace]), at: lines.startIndex)
            return readBodyLine(
                ConfigurationLine(number: line.number, tokens: Array(line.tokens.dropLast())), of: &block)
        }
        if case .word(let word) = line.tokens[0], let parameter = block.table.parameter(word) {
            if line.tokens.count == 2, line.tokens[1] == .leftBrace {
                readNested(parameter, line, of: &block)
            } else {
                read(parameter, line, into: &block)
            }
        } else if line.tokens.count == 1, let name = line.tokens[0].name {
            inherit(name, line, into: &block)
        } else {
            unknownParameter(line, of: block)
        }
    }

    /// `application {` … `}` within a dumptype: a definition without a name.
    private mutating func readNested(
        _ parameter: Parameter, _ line: ConfigurationLine, of block: inout ConfigurationBlock
    ) {
        let kind: DefinitionKind
        switch parameter.kind {
        case .definition(let defined): kind = defined
        case .scripts: kind = .script
        default: return fault(line, "'\(parameter.name)' cannot be defined in braces")
        }
        anonymousCount += 1
        let name =
            "custom(\((block.kind?.rawValue ?? "global").uppercased()):\(block.name)).\(anonymousCount)"
        var nested = ConfigurationBlock(kind, name: name, place: place(line))
        readBody(of: &nested, line)
        document.add(nested)
        if kind == .script {
            set(parameter, .names([name] + block.names(parameter.name)), line, in: &block)
        } else {
            set(parameter, .text(name), line, in: &block)
        }
    }

    private mutating func unknownParameter(_ line: ConfigurationLine, of block: ConfigurationBlock) {
        guard case .word(let word) = line.tokens[0] else {
            return fault(line, "a parameter must begin with a keyword, found \(line.tokens[0].text)")
        }
        let known = block.table.parameters.map(\.name)
        let hint = nearestName(to: word, among: known).map { "write '\($0)'." }
        if ParameterTable.global.parameter(word) != nil {
            fault(
                line, "'\(word)' is a global parameter and cannot stand in \(Self.title(block))",
                hint: "move it out of the braces, or close them before it.")
        } else {
            fault(line, "unknown parameter '\(word)' in \(Self.title(block))", hint: hint)
        }
        if opens(line) { skipBlock() }
    }

    static func title(_ block: ConfigurationBlock) -> String {
        "\(block.kind?.rawValue ?? "the file") '\(block.name)'"
    }
}

extension ConfigurationToken {
    func isWord(_ keyword: String) -> Bool {
        if case .word(let word) = self { canonicalKeyword(word) == keyword } else { false }
    }

    /// How a piece of a broken name was written.
    var spelling: String? {
        if case .integer(let number?) = self { String(number) } else { name }
    }
}
