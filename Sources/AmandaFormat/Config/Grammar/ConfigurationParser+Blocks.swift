// SPDX-License-Identifier: Apache-2.0

import NearestName

/// What stands in braces.
extension ConfigurationParser {
    /// Everything up to the closing brace, which stands alone on its line.
    mutating func readBody(of block: inout ConfigurationBlock, _ opening: ConfigurationLine) {
        openTables.append(block.table)
        defer { openTables.removeLast() }
        while let line = lines.first {
            if line.closes {
                lines.removeFirst()
                if closes(line, block) { return }
            } else if isDefinitionInside(line) {
                lines.removeFirst()
                if line.tokens[0].isWord("define") || line.tokens[0].isWord("holdingdisk") {
                    fault(
                        line, "a definition cannot stand in \(Self.title(block))",
                        hint: "move it out of the braces.")
                }
                readStatement(line)
            } else if beginsAnother(line, within: block) {
                break
            } else {
                lines.removeFirst()
                readBodyLine(line, of: &block)
            }
        }
        for own in block.ownParameters where ParameterTable.global.parameter(own.name) != nil {
            document.losses.lose(parameter: own.name)
        }
        unclosed(opening, "the '{' that opens \(Self.title(block))")
    }

    /// Whether this `}` ends the block; not if what follows it belongs to the block still.
    private mutating func closes(_ line: ConfigurationLine, _ block: ConfigurationBlock) -> Bool {
        let rest = ConfigurationLine(number: line.number, tokens: Array(line.tokens.dropFirst()))
        if !rest.tokens.isEmpty {
            fault(line, "nothing may follow the '}' on its line")
            if beginsDefinition(rest) { lines.insert(rest, at: lines.startIndex) }
        }
        guard goesOnBehindBrace(block) else { return true }
        fault(
            line, "this '}' closes \(Self.title(block)) before its last parameter", hint: "remove it.")
        return false
    }

    /// A `{` that is not closed where the next line stands.
    private mutating func unclosed(_ opening: ConfigurationLine, _ what: String) {
        let next = lines.first.map { " before line \($0.number), where something else begins" } ?? ""
        fault(
            opening, "\(what) is never closed\(next)",
            hint: "put a '}' on a line of its own after its last parameter.")
    }

    /// Leaves out the lines up to the brace that closes what an unknown keyword opened.
    mutating func skipBlock(_ opening: ConfigurationLine) {
        var depth = 1
        while let line = lines.first, !beginsDefinition(line) {
            lines.removeFirst()
            if line.endsBlock { depth -= 1 }
            if line.opens { depth += 1 }
            if depth == 0 { return }
        }
        unclosed(opening, "the '{' of this line")
    }

    private mutating func readBodyLine(_ line: ConfigurationLine, of block: inout ConfigurationBlock) {
        if line.endsBlock {
            fault(line, "the '}' must stand on a line of its own")
            lines.insert(ConfigurationLine(number: line.number, tokens: [.rightBrace]), at: lines.startIndex)
            let rest = Array(line.tokens.dropLast())
            return readBodyLine(
                ConfigurationLine(number: line.number, tokens: rest, isDamaged: line.isDamaged), of: &block)
        }
        if case .word(let word) = line.tokens[0], let parameter = block.table.parameter(word) {
            if line.tokens.count == 2, line.opens {
                readNested(parameter, line, of: &block)
            } else if line.tokens.count == 1, parameter.nestedKind != nil,
                closedCount(ahead: lines) > openTables.count
            {
                fault(line, "'\(parameter.name)' must end with '{', or with a name")
                readNested(parameter, line, of: &block)
            } else {
                read(parameter, line, into: &block)
            }
        } else if line.tokens.count == 1, let name = line.tokens[0].name {
            inherit(name, line, into: &block)
        } else {
            unknownParameter(line, of: &block)
        }
    }

    /// `application {` … `}` within a dumptype: a definition without a name.
    private mutating func readNested(
        _ parameter: Parameter, _ line: ConfigurationLine, of block: inout ConfigurationBlock
    ) {
        guard let kind = parameter.nestedKind else {
            fault(line, "'\(parameter.name)' cannot be defined in braces")
            return skipBlock(line)
        }
        anonymousCount += 1
        let name =
            "custom(\((block.kind?.rawValue ?? "global").uppercased()):\(block.name)).\(anonymousCount)"
        var nested = ConfigurationBlock(kind, name: name, place: place(line))
        let faultCount = faults.count
        readBody(of: &nested, line)
        nested.isFaulty = nested.isFaulty || faults.count > faultCount
        block.isFaulty = block.isFaulty || nested.isFaulty
        document.add(nested)
        if kind == .script {
            set(parameter, .names([name] + block.names(parameter.name)), line, in: &block)
        } else {
            set(parameter, .text(name), line, in: &block)
        }
    }

    private mutating func unknownParameter(_ line: ConfigurationLine, of block: inout ConfigurationBlock) {
        guard case .word(let word) = line.tokens[0] else {
            guard !line.isDamaged else { return }
            return fault(line, "a parameter must begin with a keyword, found \(line.tokens[0].text)")
        }
        let nearest = nearestName(to: word, among: block.table.parameters.map(\.name))
        if line.tokens[0].isWord("includefile") {
            document.losses.hasUnreadFile = true
            fault(
                line, "'includefile' cannot stand in \(Self.title(block))", hint: "move it out of the braces."
            )
        } else if ParameterTable.global.parameter(word) != nil {
            fault(
                line, "'\(word)' is a global parameter and cannot stand in \(Self.title(block))",
                hint: "move it out of the braces, or close them before it.")
            document.losses.lose(parameter: canonicalKeyword(word))
        } else {
            fault(
                line, "unknown parameter '\(word)' in \(Self.title(block))",
                hint: nearest.map { "write '\($0)'." })
        }
        guard line.opens else { return }
        if line.tokens.count == 2, let parameter = nearest.flatMap(block.table.parameter),
            parameter.nestedKind != nil
        {
            readNested(parameter, line, of: &block)
        } else {
            skipBlock(line)
        }
    }

    static func title(_ block: ConfigurationBlock) -> String {
        "\(block.kind?.rawValue ?? "the file") '\(block.name)'"
    }
}

extension Parameter {
    /// What braces after the parameter define.
    fileprivate var nestedKind: DefinitionKind? {
        switch kind {
        case .definition(let defined): defined
        case .scripts: .script
        default: nil
        }
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
