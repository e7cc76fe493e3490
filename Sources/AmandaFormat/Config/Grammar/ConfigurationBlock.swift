// SPDX-License-Identifier: Apache-2.0

import Faults

/// One definition as it was read: what it sets, what it inherits, and where each of it stands.
public struct ConfigurationBlock: Sendable, Hashable {
    /// A value that was set, and the line that set it.
    struct Setting: Sendable, Hashable {
        var value: ParameterValue
        var place: FaultPlace
    }

    /// The definition's name as written. Amanda compares names without regard to case.
    public let name: String
    /// The line that opens it.
    public let place: FaultPlace
    /// Nil for the global parameters.
    let kind: DefinitionKind?
    /// Canonical parameter name to what the file says, inheritance included.
    var settings: [String: Setting] = [:]
    /// Defaults that are not Amanda's constants but follow from the rest of the configuration.
    var defaults: [String: ParameterValue] = [:]
    /// Parameters that this very definition sets, in order: for the list of those that are not used.
    var ownParameters: [(name: String, place: FaultPlace)] = []
    /// Something within its braces, or in what it refers to, could not be read: nothing more is said of it.
    var isFaulty = false

    init(_ kind: DefinitionKind?, name: String, place: FaultPlace) {
        self.kind = kind
        self.name = name
        self.place = place
    }

    var table: ParameterTable { kind?.table ?? .global }

    /// What is set, or the default.
    func value(_ name: String) -> ParameterValue {
        settings[name]?.value ?? defaults[name] ?? table.parameter(name)?.standard ?? .text(nil)
    }

    func isSet(_ name: String) -> Bool {
        settings[name] != nil
    }

    /// The line to show for a parameter: where it is set, or where the definition begins.
    func place(of name: String) -> FaultPlace {
        settings[name]?.place ?? place
    }

    /// Takes over everything that `parent` sets, as a bare name within braces asks for.
    ///
    /// Properties join by name, scripts and tags gather; all else is replaced by what comes last. `comprate` is
    /// not inherited, nor are scripts that `parent` has only inherited itself: stock Amanda forgets to note that they were
    /// set, and the two must agree.
    mutating func inherit(from parent: ConfigurationBlock) {
        isFaulty = isFaulty || parent.isFaulty
        let ownsScripts = parent.ownParameters.contains { $0.name == "script" }
        for (name, setting) in parent.settings where name != "comprate" && (name != "script" || ownsScripts) {
            switch (settings[name]?.value, setting.value) {
            case (.properties(let own), .properties(let inherited)):
                settings[name]?.value = .properties(own.merging(inherited))
            case (.names(let own), .names(let inherited)):
                settings[name]?.value = .names(own + inherited)
            default:
                settings[name] = setting
            }
        }
    }

    public static func == (one: ConfigurationBlock, other: ConfigurationBlock) -> Bool {
        one.name == other.name && one.place == other.place && one.settings == other.settings
    }

    public func hash(into hasher: inout Hasher) {
        hasher.combine(name)
        hasher.combine(place)
    }
}

extension ConfigurationBlock {
    func text(_ name: String) -> String? {
        if case .text(let text) = value(name) { text } else { nil }
    }

    func integer(_ name: String) -> Int64 {
        if case .integer(let number) = value(name) { number } else { 0 }
    }

    func real(_ name: String) -> Double {
        if case .real(let number) = value(name) { number } else { 0 }
    }

    func bool(_ name: String) -> Bool {
        if case .bool(let bool) = value(name) { bool } else { false }
    }

    func keyword(_ name: String) -> String {
        if case .keyword(let keyword) = value(name) { keyword } else { "" }
    }

    func names(_ name: String) -> [String] {
        if case .names(let names) = value(name) { names } else { [] }
    }

    func properties(_ name: String) -> [ConfigurationProperty] {
        if case .properties(let properties) = value(name) { properties } else { [] }
    }

    func selection(_ name: String) -> DLEDescription.FileSelection {
        if case .selection(let selection) = value(name) { selection } else { .init() }
    }
}

extension [ConfigurationProperty] {
    /// Later ones replace equal names, unless they are `append`ed.
    func merging(_ later: [ConfigurationProperty]) -> [ConfigurationProperty] {
        var merged = self
        for property in later {
            guard let index = merged.firstIndex(where: { $0.name == property.name }) else {
                merged.append(property)
                continue
            }
            if property.isAppended {
                merged[index].values += property.values
            } else {
                merged[index] = property
            }
        }
        return merged
    }
}
