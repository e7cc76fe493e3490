// SPDX-License-Identifier: Apache-2.0

internal import NearestName

/// Volumes: where they are, how they are labelled, how large they are.
extension AmandaConfiguration {
    /// The storage in use. Without a `storage` parameter it is one of the configuration's own name that says
    /// what the global parameters say.
    var storage: ConfigurationBlock {
        document.global.names("storage").first.flatMap { document.block(.storage, named: $0) }
            ?? ConfigurationBlock(.storage, name: name, place: document.global.place)
    }

    /// What stands after `ST:` in logs.
    public var storageName: String { storage.name }

    /// What stands after `POOL:` in logs; `$c`, `$o` and `$r` resolved.
    public var tapepool: String {
        (storage.text("tapepool") ?? "").replacing("$c", with: name).replacing("$o", with: org)
            .replacing("$r", with: storageName)
    }

    /// Which labels are ours.
    public var labelConstraint: LabelConstraint {
        if case .labelConstraint(let constraint) = storage.value("labelstr") {
            constraint
        } else {
            .expression(".*")
        }
    }

    /// How new volumes get their labels.
    public var autolabel: Autolabel {
        if case .autolabel(let autolabel) = storage.value("autolabel") { autolabel } else { .none }
    }

    /// How many of the newest volumes must not be used again: the policy's, or one less than `tapecycle`.
    public var retentionTapeCount: Int {
        Int(policy?.integer("retention-tapes") ?? Int64(tapecycle - 1))
    }

    /// Which volumes the policy keeps beyond that.
    public var retentionRules: RetentionRules {
        func days(_ name: String) -> Int { Int(policy?.integer(name) ?? 0) }
        return RetentionRules(
            days: days("retention-days"), recoverDays: days("retention-recover"),
            fullDays: days("retention-full"))
    }

    /// Whether every volume is marked `no-reuse` once it is written.
    public var setsNoReuse: Bool { storage.bool("set-no-reuse") }

    private var policy: ConfigurationBlock? {
        storage.text("policy").flatMap { document.block(.policy, named: $0) }
    }

    /// The tapetype in use.
    public var tapetype: TapeType {
        let block = storage.text("tapetype").flatMap { document.block(.tapetype, named: $0) }
        return TapeType(
            block ?? ConfigurationBlock(.tapetype, name: "DEFAULT_TAPE", place: document.global.place))
    }

    /// How many bytes stock Amanda would put into one block object or upload part on this changer.
    public func blockByteCount(on changer: ChangerDefinition) -> Int64 {
        tapetype.blockByteCount ?? changer.blockByteCount ?? TapeType.defaultS3BlockByteCount
    }

    /// The changer in use, as `tapedev` or `tpchanger` names it.
    ///
    /// - Throws: where there is none, or it is none that this version can write to.
    public func changer() throws(ConfigurationError) -> ChangerDefinition {
        try requireOneStorage()
        let parameter = storage.text("tpchanger").map { !$0.isEmpty } == true ? "tpchanger" : "tapedev"
        let place =
            storage.isSet(parameter) ? storage.place(of: parameter) : document.global.place(of: parameter)
        guard let device = storage.text(parameter), !device.isEmpty else {
            throw fault(place, "neither 'tapedev' nor 'tpchanger' names a changer", "write tapedev \"NAME\".")
        }
        guard let block = document.block(.changer, named: device) else {
            return try changer(
                named: device, device, ConfigurationBlock(.changer, name: device, place: place), place)
        }
        let specification = ["tpchanger", "tapedev"].filter(block.isSet).compactMap(block.text)
        guard specification.count == 1 else {
            throw fault(
                block.place, "changer '\(block.name)' must have either 'tpchanger' or 'tapedev'",
                "write tpchanger \"chg-multi:s3:BUCKET/PATH/slot-{01..10}\".")
        }
        let specificationPlace = block.place(of: block.isSet("tpchanger") ? "tpchanger" : "tapedev")
        return try changer(named: block.name, specification[0], block, specificationPlace)
    }

    private func requireOneStorage() throws(ConfigurationError) {
        let global = document.global
        guard global.names("storage").count < 2 else {
            throw fault(
                global.place(of: "storage"), "several storages are not supported by this version", "keep one."
            )
        }
        guard global.names("vault-storage").isEmpty else {
            throw fault(
                global.place(of: "vault-storage"), "'vault-storage' is not supported by this version",
                "remove it.")
        }
    }

    private func changer(
        named name: String, _ specification: String, _ block: ConfigurationBlock, _ place: ConfigurationPlace
    ) throws(ConfigurationError) -> ChangerDefinition {
        let multi = "chg-multi:"
        guard specification.hasPrefix(multi) else {
            let nearest = nearestName(to: specification, among: document.blocks(.changer).map(\.name))
            throw fault(
                place,
                specification.hasPrefix("chg-")
                    ? "changer '\(specification)' is not supported: only chg-multi: over s3: is"
                    : "'\(specification)' is neither a changer that is defined nor a chg-multi: over s3:",
                nearest.map { "write \"\($0)\"." } ?? "write \"chg-multi:s3:BUCKET/PATH/slot-{01..10}\".")
        }
        return ChangerDefinition(
            name: name, place: block.place, specification: specification,
            devices: try devices(of: String(specification.dropFirst(multi.count)), block, place),
            changerFile: block.text("changerfile").flatMap { $0.isEmpty ? nil : $0 },
            properties: block.properties("property"),
            deviceProperties: document.global.properties("device-property").replacing(
                block.properties("device-property")))
    }

    private func devices(
        of pattern: String, _ block: ConfigurationBlock, _ place: ConfigurationPlace
    ) throws(ConfigurationError) -> [S3DevicePath] {
        let names: [String]
        do {
            names = try BraceExpansion.names(of: pattern)
        } catch {
            throw fault(place, "'\(pattern)' cannot be expanded: \(error.text)", "write slot-{01..10}.")
        }
        let firstSlot = block.properties("property").value(of: "first-slot").flatMap { Int($0) } ?? 1
        var devices: [S3DevicePath] = []
        for name in names {
            guard let device = S3DevicePath(device: name, slot: firstSlot + devices.count) else {
                throw fault(
                    place, "'\(name)' is no device on S3", "write s3:BUCKET/PATH/slot-01.")
            }
            guard !devices.contains(where: { $0.description == name }) else {
                throw fault(place, "'\(name)' stands twice among the slots", "give every slot its own name.")
            }
            devices.append(device)
        }
        return devices
    }

    private func fault(_ place: ConfigurationPlace, _ what: String, _ hint: String) -> ConfigurationError {
        ConfigurationError([ConfigurationFault(place, what, hint: hint)])
    }
}

extension [ConfigurationProperty] {
    /// Those of `others` count where both have one. Source: Amanda 3.5.1 `Changer.pm`, `configure_device`.
    fileprivate func replacing(_ others: [ConfigurationProperty]) -> [ConfigurationProperty] {
        filter { own in !others.contains { $0.name == own.name } } + others
    }
}
