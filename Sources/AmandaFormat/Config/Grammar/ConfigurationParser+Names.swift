// SPDX-License-Identifier: Apache-2.0

import Faults
import NearestName

/// Names that one part of a configuration gives and another uses.
extension ConfigurationParser {
    /// A bare name within braces: all that the definition of that name sets.
    mutating func inherit(_ name: String, _ line: ConfigurationLine, into block: inout ConfigurationBlock) {
        guard let kind = block.kind else { return }
        if let parent = document.block(kind, named: name) {
            return block.inherit(from: parent)
        }
        guard !document.losses.mayHold(kind, named: name), !line.isDamaged else {
            block.isFaulty = true
            return
        }
        let known = block.table.parameters.map(\.name) + document.blocks(kind).map(\.name)
        fault(
            line,
            "'\(name)' in \(Self.title(block)) is neither a parameter nor a \(kind.rawValue) defined above",
            hint: hint(for: name, kind, others: known))
    }

    /// Whether names within a value are defined; those of the global parameters are checked at the end.
    mutating func checkReferences(
        of parameter: Parameter, _ value: ParameterValue, _ line: ConfigurationLine,
        in block: inout ConfigurationBlock
    ) {
        switch (parameter.kind, value) {
        case (.definition(let kind), .text(let name?)):
            require(kind, name, line, by: &block)
        case (.scripts, .names(let names)):
            for name in names { require(.script, name, line, by: &block) }
        default:
            break
        }
    }

    private mutating func require(
        _ kind: DefinitionKind, _ name: String, _ line: ConfigurationLine, by block: inout ConfigurationBlock
    ) {
        let found = document.block(kind, named: name)
        if found?.isFaulty != false { block.isFaulty = true }
        guard found == nil, !document.losses.mayHold(kind, named: name), !line.isDamaged else { return }
        fault(
            line, "unknown \(kind.rawValue) '\(name)'",
            hint: hint(for: name, kind, others: document.blocks(kind).map(\.name)))
    }

    /// Defined below, or misspelt.
    private func hint(for name: String, _ kind: DefinitionKind, others: [String]) -> String? {
        let later = document.laterNames[kind]?.first { $0.name.lowercased() == name.lowercased() }
        if let later { return "'\(later.name)' is defined only at \(later.place): move it above." }
        return nearestName(to: name, among: others).map { "write '\($0)'." }
    }

    /// Adds a definition, unless its name is taken.
    mutating func save(_ block: ConfigurationBlock) {
        guard let kind = block.kind else { return }
        if let first = document.block(kind, named: block.name) {
            faults.append(
                ConfigurationFault(
                    block.place,
                    first.place.line == 0
                        ? "dumptype '\(block.name)' is Amanda's own and cannot be defined again"
                        : "\(kind.rawValue) '\(block.name)' is defined already at \(first.place)",
                    hint: "give it another name, or remove one of the two."))
            return
        }
        var block = block
        finish(&block)
        document.add(block)
    }

    /// What a dumptype does not say is as the global parameters say at this line.
    func takeGlobalDefaults(_ block: inout ConfigurationBlock) {
        guard block.kind == .dumptype else { return }
        for name in ParameterTable.followingGlobals {
            block.defaults[name] = document.global.value(name)
        }
    }

    /// Scripts run in the order of their `order`; of two that have the same the one that was named last goes first, and
    /// a dumptype's own go before what it inherits after them (seen with `amgetconf`).
    private func finish(_ block: inout ConfigurationBlock) {
        if block.kind == .tapetype, block.integer("readblocksize") < block.integer("blocksize") {
            block.settings["readblocksize"] = nil
            block.defaults["readblocksize"] = block.value("blocksize")
        }
        if block.kind == .dumptype, block.isSet("script") {
            let scripts = block.names("script").compactMap { document.block(.script, named: $0) }
            let ordered = scripts.enumerated().sorted {
                ($0.element.integer("order"), $0.offset) < ($1.element.integer("order"), $1.offset)
            }
            block.settings["script"]?.value = .names(ordered.map(\.element.name))
        }
    }
}
