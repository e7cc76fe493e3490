// SPDX-License-Identifier: Apache-2.0

import NearestName

/// Definitions: the line that opens them.
extension ConfigurationParser {
    /// `define KIND NAME {` up to its `}`. A kind that is misspelt is taken for the one that is nearest.
    mutating func readDefinition(_ line: ConfigurationLine) {
        let found = line.tokens.dropFirst().first
        let faultCount = faults.count
        var kind: DefinitionKind?
        if case .word(let word) = found { kind = DefinitionKind(keyword: word) }
        if kind == nil {
            let nearest = found?.name.flatMap { nearestName(to: $0, among: DefinitionKind.keywords) }
            fault(
                line, "'define' must name what it defines, found \(found?.text ?? "the end of the line")",
                hint: nearest.map { "write 'define \($0)'." })
            kind = nearest.flatMap { DefinitionKind(keyword: $0) }
        }
        guard let kind else {
            for name in line.tokens.dropFirst().compactMap(\.name) {
                document.losses.lose(nil, named: name)
            }
            if line.opens { skipBlock(line) }
            return
        }
        readBlock(kind, line, nameAt: 2, after: "define \(kind.rawValue)", since: faultCount)
    }

    /// `KIND NAME {` without `define`.
    ///
    /// - Returns: whether it is that.
    mutating func readUndefined(_ word: String, _ line: ConfigurationLine) -> Bool {
        let isParameter = ParameterTable.global.parameter(word) != nil
        let nearest = isParameter ? nil : nearestName(to: word, among: DefinitionKind.keywords)
        guard let kind = DefinitionKind(keyword: nearest ?? word) else {
            return false
        }
        let faultCount = faults.count
        let keyword = kind == .holdingdisk ? "holdingdisk" : "define \(kind.rawValue)"
        fault(
            line,
            isParameter ? "'\(word)' with a '{' must begin with 'define'" : "unknown keyword '\(word)'",
            hint: "write '\(keyword)'.")
        let name = readBlock(kind, line, nameAt: 1, after: keyword, since: faultCount)
        if kind == .holdingdisk, let name { addHoldingDisks([name], line) }
        return true
    }

    /// `holdingdisk NAME {`, which defines a holding disk and uses it.
    mutating func readHoldingDisk(_ line: ConfigurationLine) {
        if let name = readBlock(.holdingdisk, line, nameAt: 1, after: "holdingdisk", since: faults.count) {
            addHoldingDisks([name], line)
        }
    }

    /// `holdingdisk NAME NAME …`, which uses holding disks that are defined.
    mutating func useHoldingDisks(_ line: ConfigurationLine) {
        let names = line.tokens.dropFirst().compactMap(\.name)
        guard !names.isEmpty, names.count == line.tokens.count - 1 else {
            guard !line.isDamaged else { return }
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

    /// One definition, whatever is wrong with its first line.
    ///
    /// - Parameters:
    ///   - keyword: What stands before its name.
    ///   - faultCount: Faults before its line.
    /// - Returns: its name.
    @discardableResult
    private mutating func readBlock(
        _ kind: DefinitionKind, _ line: ConfigurationLine, nameAt index: Int, after keyword: String,
        since faultCount: Int
    ) -> String? {
        let rest = line.tokens.dropFirst(index)
        let pieces = rest.prefix { $0 != .leftBrace && $0 != .rightBrace }
        let name = name(Array(pieces), kind, line, keyword)
        let isOpen = opens(rest.dropFirst(pieces.count), line, name.map { "\(keyword) \($0)" }, kind)
        var block = ConfigurationBlock(kind, name: name ?? "", place: place(line))
        takeGlobalDefaults(&block)
        if isOpen { readBody(of: &block, line) }
        block.isFaulty = block.isFaulty || line.isDamaged || faults.count > faultCount
        if name != nil { save(block) }
        return name
    }

    /// The one name between the keyword and the brace; of one that is broken what was meant.
    private mutating func name(
        _ pieces: [ConfigurationToken], _ kind: DefinitionKind, _ line: ConfigurationLine, _ keyword: String
    ) -> String? {
        guard let first = pieces.first?.name else {
            guard !line.isDamaged else { return nil }
            let found = (pieces.first ?? line.tokens.first { $0 == .leftBrace })?.text
            fault(line, "'\(keyword)' must be followed by a name, found \(found ?? "the end of the line")")
            return nil
        }
        let whole = pieces.compactMap(\.spelling).joined()
        let name = whole.filter { $0 != " " && $0 != "\"" }
        if pieces.count > 1, !line.isDamaged {
            fault(
                line, "the name after '\(keyword)' holds a blank, which Amanda does not allow",
                hint: "write \(keyword) \(name) {.")
        } else if name.isEmpty || name != whole, !line.isDamaged {
            fault(
                line, "the name '\(whole)' must hold neither blanks nor double quotes",
                hint: "write \(keyword) \(name) {.")
        }
        if name != first { document.losses.lose(kind, named: first) }
        return name.isEmpty ? nil : name
    }

    /// Whether lines follow that belong to the definition.
    ///
    /// - Parameters:
    ///   - braces: The `{` with all that stands behind it.
    ///   - title: The definition, if it has a name; without one there is enough to say of the line.
    private mutating func opens(
        _ braces: ArraySlice<ConfigurationToken>, _ line: ConfigurationLine, _ title: String?,
        _ kind: DefinitionKind
    ) -> Bool {
        guard braces.first == .leftBrace else {
            if let next = lines.first, next.tokens.first == .leftBrace {
                fault(line, "the '{' must stand at the end of this line, not on the next")
                lines.removeFirst()
                putBack(Array(next.tokens.dropFirst()), of: next)
                return true
            }
            title.map { fault(line, "'\($0)' must end with '{'") }
            let beginsBody = lines.first.map { $0.sets(kind.table) && !$0.sets(.global) } ?? false
            return beginsBody || closedCount(ahead: lines) > openTables.count
        }
        if braces.count > 1 {
            fault(line, "the '{' must end its line", hint: "begin a new line after it.")
            putBack(Array(braces.dropFirst()), of: line)
        }
        return true
    }

    /// What should stand on lines of its own; where one parameter ends and the next begins cannot be told.
    private mutating func putBack(_ tokens: [ConfigurationToken], of line: ConfigurationLine) {
        let closes = tokens.last == .rightBrace
        let parts = [closes ? Array(tokens.dropLast()) : tokens, closes ? [.rightBrace] : []]
        let new = parts.filter { !$0.isEmpty }.map {
            ConfigurationLine(number: line.number, tokens: $0, isDamaged: true)
        }
        lines.insert(contentsOf: new, at: lines.startIndex)
    }
}
