// SPDX-License-Identifier: Apache-2.0

/// What a configuration seems to hold and could not be read. Nothing is said of what refers to it: that follows from a fault
/// which is reported already.
struct ConfigurationLosses: Sendable {
    /// An included file could not be read: any name may be defined in it, any parameter set.
    var hasUnreadFile = false
    /// Global parameters that stand there without a value that can be read, or within braces that are not closed.
    private var parameters: Set<String> = []
    /// Names of definitions, lower case; of a nil kind where `define` does not say which.
    private var names: [DefinitionKind?: Set<String>] = [:]

    mutating func lose(_ kind: DefinitionKind?, named name: String) {
        names[kind, default: []].insert(name.lowercased())
    }

    mutating func lose(parameter name: String) {
        parameters.insert(name)
    }

    /// Whether a definition may be there all the same.
    func mayHold(_ kind: DefinitionKind, named name: String) -> Bool {
        hasUnreadFile
            || [kind, nil].contains { names[$0]?.contains(name.lowercased()) == true }
    }

    /// Whether a global parameter stands there, and what it says could not be read.
    func hasLost(_ parameter: String) -> Bool {
        parameters.contains(parameter)
    }

    /// Whether a global parameter may be set all the same.
    func maySet(_ parameter: String) -> Bool {
        hasUnreadFile || parameters.contains(parameter)
    }

    /// Whether any definition of these kinds may be there all the same.
    func mayHoldAny(of kinds: [DefinitionKind]) -> Bool {
        hasUnreadFile || names[nil] != nil || kinds.contains { names[$0] != nil }
    }
}
