// SPDX-License-Identifier: Apache-2.0

import NearestName

/// What can be said only when the whole configuration is read.
extension ConfigurationParser {
    mutating func complete(configurationName: String) {
        let global = document.global
        requireGlobal(.tapetype, [global.text("tapetype") ?? ""], by: "tapetype")
        requireGlobal(.holdingdisk, global.names("holdingdisk"), by: "holdingdisk")
        requireGlobal(.storage, global.names("storage"), by: "storage")
        requireGlobal(.storage, global.names("vault-storage"), by: "vault-storage")
        requireGlobal(.interactivity, [global.text("interactivity") ?? ""], by: "interactivity")
        checkLabels()
        completeStorages(configurationName)
        completeTapetypesAndInterfaces()
    }

    private mutating func requireGlobal(_ kind: DefinitionKind, _ names: [String], by parameter: String) {
        guard document.global.isSet(parameter) else { return }
        for name in names
        where document.block(kind, named: name) == nil && !document.losses.mayHold(kind, named: name) {
            let nearest = nearestName(to: name, among: document.blocks(kind).map(\.name))
            let hint = nearest.map { "write '\($0)'." }
            faults.append(
                ConfigurationFault(
                    document.global.place(of: parameter), "\(kind.rawValue) '\(name)' is not defined",
                    hint: hint ?? "define it: define \(kind.rawValue) \(name) { … }."))
        }
    }

    private mutating func checkLabels() {
        let global = document.global
        if case .labelConstraint(.matchAutolabel) = global.value("labelstr"), !global.isSet("autolabel"),
            !document.losses.maySet("autolabel")
        {
            faults.append(
                ConfigurationFault(
                    global.place(of: "labelstr"), "'labelstr MATCH-AUTOLABEL' needs an 'autolabel' to match"))
        }
        guard global.isSet("label-new-tapes") else { return }
        guard !global.isSet("autolabel") else {
            faults.append(
                ConfigurationFault(
                    global.place(of: "label-new-tapes"),
                    "'label-new-tapes' and 'autolabel' cannot stand together", hint: "keep 'autolabel'."))
            return
        }
        if let template = global.text("label-new-tapes"), !template.isEmpty {
            document.global.defaults["autolabel"] = .autolabel(
                Autolabel(template: template, takesEmpty: true, takesVolumeError: true))
        }
    }

    /// A storage says what the global parameters say, unless it says otherwise; without one there is one
    /// that is named as the configuration.
    private mutating func completeStorages(_ configurationName: String) {
        if document.block(.policy, named: configurationName) == nil {
            document.add(implicit(.policy, configurationName))
        }
        if !document.global.isSet("storage"), document.block(.storage, named: configurationName) == nil {
            document.add(implicit(.storage, configurationName))
        }
        if !document.global.isSet("storage") {
            document.global.defaults["storage"] = .names([configurationName])
        }
        document.global.defaults["active-storage"] = document.global.value("storage")
        var defaults: [String: ParameterValue] = [:]
        for parameter in ParameterTable.storage.parameters
        where ParameterTable.global.parameter(parameter.name) != nil {
            defaults[parameter.name] = document.global.value(parameter.name)
        }
        defaults["policy"] = .text(configurationName)
        defaults["tapepool"] = .text(configurationName)
        document.setDefaults(defaults, ofEvery: .storage)
        document.setDefaults(
            ["retention-tapes": .integer(document.global.integer("tapecycle") - 1)], ofEvery: .policy)
    }

    private func implicit(_ kind: DefinitionKind, _ name: String) -> ConfigurationBlock {
        var block = ConfigurationBlock(kind, name: name, place: document.global.place)
        block.defaults["comment"] = .text("implicit from global config")
        return block
    }

    private mutating func completeTapetypesAndInterfaces() {
        if !document.global.isSet("tapetype"), document.block(.tapetype, named: "DEFAULT_TAPE") == nil {
            document.add(ConfigurationBlock(.tapetype, name: "DEFAULT_TAPE", place: document.global.place))
        }
        if document.block(.interface, named: "default") == nil {
            var block = ConfigurationBlock(.interface, name: "default", place: document.global.place)
            block.defaults["comment"] = .text("implicit from NETUSAGE")
            block.defaults["use"] = document.global.value("netusage")
            document.add(block)
        }
    }
}
