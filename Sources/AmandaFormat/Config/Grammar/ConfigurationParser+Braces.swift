// SPDX-License-Identifier: Apache-2.0

/// What the lines ahead tell of a brace that is missing, or of one too many.
extension ConfigurationParser {
    /// Whether a line shows that a closing brace is missing above it: it begins a definition, or belongs further out while not
    /// all that is open is closed before the next definition.
    func beginsAnother(_ line: ConfigurationLine, within block: ConfigurationBlock) -> Bool {
        guard case .word(let word) = line.tokens[0] else { return false }
        if beginsDefinition(line) { return true }
        let isFurtherOut =
            line.tokens[0].isWord("includefile")
            || block.table.parameter(word) == nil
                && ([.global] + openTables.dropLast()).contains { $0.parameter(word) != nil }
        return isFurtherOut && closedCount(ahead: lines.dropFirst()) < openTables.count
    }

    /// Whether a line within braces begins a definition that is closed, as are the braces around it.
    func isDefinitionInside(_ line: ConfigurationLine) -> Bool {
        guard beginsDefinition(line), line.opens else { return false }
        return closedCount(ahead: lines.dropFirst()) == openTables.count + 1
    }

    /// Lines that are looked at for a closing brace: more than a definition has. It is asked for each line that is out of place.
    private static let lookAhead = 300

    /// How many of the braces that are open, and one more, are closed before the next definition begins.
    func closedCount(ahead lines: ArraySlice<ConfigurationLine>) -> Int {
        var (closed, inner) = (0, 0)
        for line in lines.prefix(Self.lookAhead) where closed <= openTables.count {
            if beginsDefinition(line) { break }
            if line.endsBlock, inner > 0 {
                inner -= 1
            } else if line.endsBlock {
                closed += 1
            }
            if line.opens { inner += 1 }
        }
        return closed
    }

    /// Whether behind a `}` come parameters that only its block takes, and then a `}` that would close nothing.
    func goesOnBehindBrace(_ block: ConfigurationBlock) -> Bool {
        guard openTables.count == 1 else { return false }
        let following = lines.prefix { !$0.endsBlock && !$0.opens && !beginsDefinition($0) }
        guard lines.dropFirst(following.count).first?.endsBlock == true else { return false }
        return following.prefix { $0.sets(block.table) }.contains { !$0.sets(.global) }
    }

    /// Whether behind `holdingdisk NAME` comes what stands in braces.
    func beginsHoldingDisk() -> Bool {
        guard let next = lines.first else { return false }
        return next.tokens[0] == .leftBrace || next.sets(.holdingdisk)
    }

    /// `define …`, or `KIND NAME {` without it.
    func beginsDefinition(_ line: ConfigurationLine) -> Bool {
        guard case .word(let word) = line.tokens.first else { return false }
        if canonicalKeyword(word) == "define" { return true }
        return line.opens && line.tokens.count > 2 && DefinitionKind(keyword: word) != nil
    }
}

extension ConfigurationLine {
    /// Whether it ends with a brace that opens something.
    var opens: Bool { tokens.last == .leftBrace }

    /// Whether it begins with the brace that closes something.
    var closes: Bool { tokens.first == .rightBrace }

    /// Whether it sets a parameter of a table.
    func sets(_ table: ParameterTable) -> Bool {
        if case .word(let word) = tokens[0] { table.parameter(word) != nil } else { false }
    }

    /// Whether a closing brace stands on it, be it alone or behind a parameter.
    var endsBlock: Bool { closes || (tokens.last == .rightBrace && !tokens.contains(.leftBrace)) }
}
