// SPDX-License-Identifier: Apache-2.0

import NearestName
import Secret

extension ParameterReader {
    /// `[list|file] [optional] [append] "…" …`; without `append` the list or the patterns begin anew, the
    /// other of the two stays. The word `optional` counts for both, and only on the last line.
    mutating func selection(
        _ current: ParameterValue
    ) throws(Refusal) -> DLEDescription.FileSelection {
        var selection = DLEDescription.FileSelection()
        if case .selection(let before) = current { selection = before }
        let isList = take(word: "list")
        if !isList { _ = take(word: "file") }
        selection.isOptional = take(word: "optional")
        var texts: [String] = []
        if take(word: "append") { texts = isList ? selection.lists : selection.files }
        let countBefore = texts.count
        while !tokens.isEmpty { texts.append(try text(.any)) }
        if texts.count == countBefore { texts = [] }
        if isList {
            selection.lists = texts
        } else {
            selection.files = texts
        }
        return selection
    }

    /// `[priority] [append] [hidden|visible] "name" "value" …`; a name without value takes it away.
    mutating func properties(
        _ current: ParameterValue, ofDevice: Bool, isVisible: Bool
    ) throws(Refusal) -> [ConfigurationProperty] {
        guard case .properties(var properties) = current else { return [] }
        var property = ConfigurationProperty(name: "", values: [], isVisible: isVisible, place: place)
        property.hasPriority = take(word: "priority")
        property.isAppended = take(word: "append")
        if take(word: "hidden") {
            property.isVisible = false
        } else if take(word: "visible") {
            property.isVisible = true
        }
        property.name = ConfigurationProperty.canonicalName(try propertyName())
        if ofDevice { try checkDeviceProperty(property.name) }
        property.values = try propertyValues(ofDevice ? property.name : nil).map { Secret($0) }
        let before = properties.firstIndex { $0.name == property.name }
        if property.values.isEmpty {
            if let before { properties.remove(at: before) }
        } else if let before {
            if property.isAppended {
                property.values = properties[before].values + property.values
                property.hasPriority = property.hasPriority || properties[before].hasPriority
            }
            properties[before] = property
        } else {
            properties.append(property)
        }
        return properties
    }

    private mutating func propertyName() throws(Refusal) -> String {
        let token = take()
        if case .string(let name) = token { return name }
        let modifiers = ["priority", "append", "hidden", "visible", "optional"]
        var hint = "write the words before the name in the order priority, append, hidden or visible."
        if case .word(let word) = token, !modifiers.contains(canonicalKeyword(word)) {
            hint = "write the name in double quotes: \"\(word)\"."
        }
        throw Refusal(
            "'\(parameter.name)' needs a property's name in double quotes, found \(token?.text ?? "the end of the line")",
            hint: hint)
    }

    private func checkDeviceProperty(_ name: String) throws(Refusal) {
        guard DeviceProperties.rules[name] == nil else { return }
        let nearest = nearestName(to: name, among: DeviceProperties.rules.keys.sorted())
        throw Refusal(
            "unknown device property '\(Self.conventional(name))'",
            hint: nearest.map { "write \"\(Self.conventional($0))\"." })
    }

    /// No error of this function shows what it read: it may be a key.
    private mutating func propertyValues(_ deviceProperty: String?) throws(Refusal) -> [String] {
        var values: [String] = []
        while let token = take() {
            guard case .string(let value) = token else {
                throw Refusal("every value of a property must stand in double quotes")
            }
            if let deviceProperty, let fault = DeviceProperties.fault(value, ofProperty: deviceProperty) {
                throw Refusal("device property '\(Self.conventional(deviceProperty))' \(fault)")
            }
            values.append(value)
        }
        return values
    }

    /// As people write device properties: `NB_THREADS_BACKUP`.
    static func conventional(_ name: String) -> String {
        String(name.uppercased().map { $0 == "-" ? "_" : $0 })
    }

    /// `["template"] [any] [other-config] [non-amanda] [volume-error] [empty]`; a template alone means
    /// `volume-error empty`.
    mutating func autolabel() throws(Refusal) -> Autolabel {
        var autolabel = Autolabel.none
        guard !tokens.isEmpty else { return autolabel }
        if case .string = tokens.first {
            autolabel.template = try text(.noBlanksOrQuotes)
        }
        if tokens.isEmpty {
            autolabel.takesEmpty = true
            autolabel.takesVolumeError = true
        }
        while !tokens.isEmpty {
            let word = try keyword(of: ["ANY", "OTHER-CONFIG", "NON-AMANDA", "VOLUME-ERROR", "EMPTY"])
            autolabel.takesOtherConfiguration =
                autolabel.takesOtherConfiguration || ["ANY", "OTHER-CONFIG"].contains(word)
            autolabel.takesForeign = autolabel.takesForeign || ["ANY", "NON-AMANDA"].contains(word)
            autolabel.takesVolumeError = autolabel.takesVolumeError || ["ANY", "VOLUME-ERROR"].contains(word)
            autolabel.takesEmpty = autolabel.takesEmpty || ["ANY", "EMPTY"].contains(word)
        }
        return autolabel
    }

    mutating func labelConstraint() throws(Refusal) -> LabelConstraint {
        if take(word: "match-autolabel") { return .matchAutolabel }
        guard case .string = tokens.first else {
            throw expected("a regular expression in double quotes, or MATCH-AUTOLABEL", found: tokens.first)
        }
        return .expression(try text(.noBlanksOrQuotes))
    }

    mutating func hostLimit(_ current: ParameterValue, takesNames: Bool) throws(Refusal) -> HostLimit {
        var limit = HostLimit()
        while let token = tokens.first {
            if take(word: "same-host") {
                limit.allowsSameHost = true
            } else if take(word: "server") {
                limit.allowsServer = true
            } else if takesNames {
                limit.hosts.append(try text(.any))
            } else {
                throw expected("server or same-host", found: token)
            }
        }
        return limit
    }

    mutating func dumpSelections(_ current: ParameterValue) throws(Refusal) -> [DumpSelection] {
        var selection = DumpSelection(tag: nil, keyword: "", levels: "")
        if case .string(let tag) = tokens.first {
            tokens.removeFirst()
            selection.tag = tag
        } else {
            selection.keyword = try keyword(of: ["ALL", "OTHER"])
        }
        selection.levels = try keyword(of: ["ALL", "FULL", "INCR"])
        guard case .dumpSelections(let before) = current else { return [selection] }
        return before + [selection]
    }

    mutating func vaults(_ current: ParameterValue) throws(Refusal) -> [VaultRule] {
        let storage = try name()
        let days = try integer(NumberRule(unit: .days, range: NumberRule.natural))
        guard case .vaults(let before) = current else { return [VaultRule(storage: storage, days: days)] }
        return before + [VaultRule(storage: storage, days: days)]
    }
}
