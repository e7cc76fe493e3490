// SPDX-License-Identifier: Apache-2.0

import Faults

/// Storages: which of them a run writes to.
extension AmandaConfiguration {
    /// The storage that a run writes to: the first of `storage` that `active-storage` names too. Without a `storage`
    /// parameter it is one of the configuration's own name that says what the global parameters say.
    var storage: ConfigurationBlock {
        let names = writtenStorageNames.isEmpty ? document.global.names("storage") : writtenStorageNames
        return names.first.flatMap { document.block(.storage, named: $0) }
            ?? ConfigurationBlock(.storage, name: name, place: document.global.place)
    }

    /// Those of `storage` that `active-storage` lets be written. Source: amanda.conf(5), "active-storage".
    private var writtenStorageNames: [String] {
        let active = Set(document.global.names("active-storage").map { $0.lowercased() })
        return document.global.names("storage").filter { active.contains($0.lowercased()) }
    }

    /// The changer in use, as the storage's `tpchanger` or `tapedev` names it.
    ///
    /// - Throws: all at once: there is none, it is none that this version can write to, or dumps would have to go to more
    ///   than one storage.
    public func changer() throws(ConfigurationError) -> ChangerDefinition {
        var faults = runFaults + storageFaults
        do {
            let changer = try ChangerResolver(document: document, storage: storage).changer()
            if faults.isEmpty { return changer }
        } catch {
            faults += error.list
        }
        throw ConfigurationError(faults)
    }

    /// What is wrong with the changer in use; nothing where part of it could not be read.
    var changerFaults: [ConfigurationFault] {
        let kinds: [DefinitionKind] = [.storage, .changer, .device]
        let parameters = [
            "tapedev", "tpchanger", "changerfile", "device-property", "storage", "active-storage",
            "vault-storage",
        ]
        guard !document.losses.mayHoldAny(of: kinds), !parameters.contains(where: document.losses.hasLost),
            !kinds.flatMap(document.blocks).contains(where: \.isFaulty)
        else { return [] }
        do {
            _ = try changer()
            return []
        } catch {
            return error.list
        }
    }

    /// The changers of every storage that is defined, the one in use first: an older dump may lie in any of them.
    public func changers() throws(ConfigurationError) -> [ChangerDefinition] {
        var changers: [ChangerDefinition] = []
        for storage in [storage] + document.blocks(.storage) {
            guard let found = try? ChangerResolver(document: document, storage: storage).changer(),
                !changers.contains(found)
            else { continue }
            changers.append(found)
        }
        return changers.isEmpty ? [try changer()] : changers
    }

    /// A run that would write to several storages, or to none.
    private var runFaults: [ConfigurationFault] {
        let global = document.global
        var faults: [ConfigurationFault] = []
        if writtenStorageNames.count > 1 {
            faults.append(
                ConfigurationFault(
                    global.place(of: "storage"),
                    "dumps to several storages at once (\(writtenStorageNames.joined(separator: ", "))) are not supported",
                    hint:
                        "keep one in 'storage', or name one in 'active-storage'; dumps are restored from all that are defined."
                ))
        } else if writtenStorageNames.isEmpty, global.isSet("storage") {
            faults.append(
                ConfigurationFault(
                    global.place(of: "active-storage"),
                    "'active-storage' names no storage that 'storage' names: every dump would stay on the holding disk",
                    hint: "name one of: \(global.names("storage").joined(separator: ", "))."))
        }
        if !global.names("vault-storage").isEmpty {
            faults.append(
                ConfigurationFault(
                    global.place(of: "vault-storage"),
                    "'vault-storage' is not supported: nothing is copied on",
                    hint: "remove it, and copy volumes with stock Amanda's amvault."))
        }
        return faults
    }

    /// A storage that takes only some dumps, or passes them on, asks for what is not done here.
    private var storageFaults: [ConfigurationFault] {
        var faults: [ConfigurationFault] = []
        if case .vaults(let rules) = storage.value("vault"), let rule = rules.first {
            faults.append(
                ConfigurationFault(
                    storage.place(of: "vault"),
                    "'vault' to storage '\(rule.storage)' is not supported: nothing is copied on",
                    hint: "remove it, and copy volumes with stock Amanda's amvault."))
        }
        if case .dumpSelections(let selections) = storage.value("dump-selection"), !selections.isEmpty,
            !selections.contains(where: \.takesEverything)
        {
            faults.append(
                ConfigurationFault(
                    storage.place(of: "dump-selection"),
                    "'dump-selection' of storage '\(storage.name)' leaves dumps out, which is not supported",
                    hint: "write dump-selection ALL ALL, or remove it."))
        }
        return faults
    }
}
