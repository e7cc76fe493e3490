// SPDX-License-Identifier: Apache-2.0

import Faults
import NearestName

/// Finds the changer that a storage names: a `define changer`, a `chg-…` string, or a device alone.
///
/// Source: Amanda 3.5.1 `perl/Amanda/Changer.pm`, `new`; every form seen with `amtape CONF show` and `amdump`.
struct ChangerResolver {
    let document: ConfigurationDocument
    let storage: ConfigurationBlock

    func changer() throws(ConfigurationError) -> ChangerDefinition {
        let parameter = storage.text("tpchanger").map { !$0.isEmpty } == true ? "tpchanger" : "tapedev"
        let place =
            storage.isSet(parameter) ? storage.place(of: parameter) : document.global.place(of: parameter)
        guard let device = storage.text(parameter), !device.isEmpty else {
            throw fault(place, "neither 'tapedev' nor 'tpchanger' names a changer", "write tapedev \"NAME\".")
        }
        guard let block = document.block(.changer, named: device) else {
            let block = ConfigurationBlock(.changer, name: device, place: place)
            return try changer(named: device, device, block, place)
        }
        let specification = ["tpchanger", "tapedev"].filter(block.isSet).compactMap(block.text)
        guard specification.count == 1 else {
            throw fault(
                block.place, "changer '\(block.name)' must have either 'tpchanger' or 'tapedev'",
                "write tpchanger \"\(Self.example)\".")
        }
        let specificationPlace = block.place(of: block.isSet("tpchanger") ? "tpchanger" : "tapedev")
        return try changer(named: block.name, specification[0], block, specificationPlace)
    }

    private func changer(
        named name: String, _ text: String, _ block: ConfigurationBlock, _ place: FaultPlace
    ) throws(ConfigurationError) -> ChangerDefinition {
        let source = Source(name: name, block: block, place: place)
        guard text.hasPrefix("chg-") else { return try single(source, device: text) }
        let driver = String(text.prefix { $0 != ":" })
        guard driver.count < text.count else {
            throw fault(
                place, "changer '\(text)' has no ':' after its kind", "write \"\(driver):\" and what follows."
            )
        }
        let rest = String(text.dropFirst(driver.count + 1))
        switch driver {
        case "chg-multi": return try multi(source, pattern: rest)
        case "chg-single": return try single(source, device: rest)
        case "chg-disk": return try disk(source, directory: rest)
        default:
            throw fault(
                place, "changer '\(text)' is not supported: only chg-multi:, chg-single: and chg-disk: are",
                "write \"\(Self.example)\".")
        }
    }

    private static let example = "chg-multi:s3:BUCKET/PATH/slot-{01..10}"

    /// The definition that is being read.
    private struct Source {
        let name: String
        let block: ConfigurationBlock
        let place: FaultPlace

        var properties: [ConfigurationProperty] { block.properties("property") }
        var changerFile: String? { block.text("changerfile").flatMap { $0.isEmpty ? nil : $0 } }
    }
}

/// The kinds of changers.
extension ChangerResolver {
    private func multi(_ source: Source, pattern: String) throws(ConfigurationError) -> ChangerDefinition {
        let names: [String]
        do {
            names = try BraceExpansion.names(of: pattern)
        } catch {
            throw fault(
                source.place, "'\(pattern)' cannot be expanded: \(error.text)", "write slot-{01..10}.")
        }
        let firstSlot = source.properties.value(of: "first-slot").flatMap { Int32($0) }.map(Int.init) ?? 1
        var devices: [VolumeDevice] = []
        var properties: [ConfigurationProperty]?
        for name in names {
            let (device, own) = try self.device(name, slot: firstSlot + devices.count, source)
            guard !devices.contains(where: { $0.description == device.description }) else {
                throw fault(
                    source.place, "'\(device)' stands twice among the slots", "give every slot its own name.")
            }
            guard device.bucketPath == nil || devices.allSatisfy({ $0.bucketPath != nil }),
                device.directoryPath == nil || devices.allSatisfy({ $0.directoryPath != nil })
            else {
                throw fault(
                    source.place,
                    "slots on S3 and in directories stand in one changer, which is not supported",
                    "define a changer and a storage for each.")
            }
            guard properties == nil || properties == own else {
                throw fault(
                    source.place,
                    "device '\(name)' has other properties than '\(names[0])', which is not supported",
                    "give them to the changer.")
            }
            properties = own
            devices.append(device)
        }
        return definition(
            source, "chg-multi:\(pattern)", .multi, devices, properties ?? [],
            changerFile: source.changerFile ?? document.global.text("changerfile"))
    }

    private func single(_ source: Source, device name: String) throws(ConfigurationError) -> ChangerDefinition
    {
        let (device, properties) = try device(name, slot: 1, source)
        return definition(source, "chg-single:\(name)", .single, [device], properties, changerFile: nil)
    }

    private func disk(
        _ source: Source, directory: String
    ) throws(ConfigurationError) -> ChangerDefinition {
        guard directory.hasPrefix("/") else {
            throw fault(
                source.place, "the directory of 'chg-disk:\(directory)' is not absolute",
                "write chg-disk:/PATH.")
        }
        var faults: [ConfigurationFault] = []
        func read<Value>(_ standard: Value, _ read: () throws(ConfigurationError) -> Value?) -> Value {
            do {
                return try read() ?? standard
            } catch {
                faults += error.list
                return standard
            }
        }
        for name in ["mount", "umount"]
        where read(false, { () throws(ConfigurationError) in try bool(name, source) }) {
            faults +=
                fault(
                    source.place, "property '\(name)' of changer '\(source.name)' is not supported",
                    "mount the disk before the run, and remove the property."
                ).list
        }
        let properties = deviceProperties(source, of: nil)
        let changer = DiskChanger(
            directory: DirectoryDevicePath(path: directory, slot: 0, dataDirectory: .never).path,
            slotCount: read(1) { () throws(ConfigurationError) in try slotCount(source) },
            makesSlots: read(false) { () throws(ConfigurationError) in try bool("auto-create-slot", source) },
            isRemovable: read(false) { () throws(ConfigurationError) in try bool("removable", source) },
            dataDirectory: read(.never) { () throws(ConfigurationError) in
                try dataDirectory(properties, source)
            })
        guard faults.isEmpty else { throw ConfigurationError(faults) }
        return definition(
            source, "chg-disk:\(directory)", .disk(changer), changer.namedDevices, properties,
            changerFile: source.changerFile ?? "\(changer.directory)/state")
    }

    private func definition(
        _ source: Source, _ specification: String, _ kind: ChangerDefinition.Kind, _ devices: [VolumeDevice],
        _ deviceProperties: [ConfigurationProperty], changerFile: String?
    ) -> ChangerDefinition {
        ChangerDefinition(
            name: source.name, place: source.block.place, specification: specification, kind: kind,
            devices: devices, changerFile: changerFile.flatMap { $0.isEmpty ? nil : $0 },
            properties: source.properties, deviceProperties: deviceProperties)
    }
}

/// Devices and properties.
extension ChangerResolver {
    /// A device by its name, or by that of a `define device`, with the properties that count for it.
    private func device(
        _ name: String, slot: Int, _ source: Source
    ) throws(ConfigurationError) -> (VolumeDevice, [ConfigurationProperty]) {
        let block = document.block(.device, named: name)
        let properties = deviceProperties(source, of: block)
        let path = block.map { $0.text("tapedev") ?? "" } ?? name
        let dataDirectory = try dataDirectory(properties, source) ?? .ifPresent
        if let device = VolumeDevice(device: path, slot: slot, dataDirectory: dataDirectory) {
            return (device, properties)
        }
        let place = block.map { $0.isSet("tapedev") ? $0.place(of: "tapedev") : $0.place } ?? source.place
        throw fault(place, fault(ofDevice: path), hint(forDevice: path))
    }

    private func fault(ofDevice path: String) -> String {
        if path.hasPrefix("s3:") { return "'\(path)' is no device on S3" }
        if path.hasPrefix("file:") { return "the directory of '\(path)' is not absolute" }
        if document.block(.changer, named: path) != nil { return "'\(path)' is a changer, not a device" }
        let kind = path.prefix { $0 != ":" }
        return kind.count < path.count && !kind.contains("/")
            ? "device '\(path)' is not supported: only s3: and file: are"
            : "'\(path)' is neither a changer or device that is defined, nor a device on S3 or in a directory"
    }

    private func hint(forDevice path: String) -> String {
        if path.hasPrefix("s3:") { return "write s3:BUCKET/PATH/slot-01." }
        if path.hasPrefix("file:") { return "write file:/PATH." }
        if document.block(.changer, named: path) != nil { return "write what its own tpchanger says." }
        let names = document.blocks(.changer).map(\.name) + document.blocks(.device).map(\.name)
        return nearestName(to: path, among: names).map { "write \"\($0)\"." } ?? "write \"\(Self.example)\"."
    }

    /// Source: amanda-changers(7), "CONFIGURATION".
    private func deviceProperties(
        _ source: Source, of device: ConfigurationBlock?
    ) -> [ConfigurationProperty] {
        document.global.properties("device-property")
            .replacing(device?.properties("device-property") ?? [])
            .replacing(source.block.properties("device-property"))
    }

    private func dataDirectory(
        _ properties: [ConfigurationProperty], _ source: Source
    ) throws(ConfigurationError) -> DirectoryDevicePath.DataDirectory? {
        guard let value = properties.value(of: "use-data") else { return nil }
        switch value.lowercased() {
        case "exist": return .ifPresent
        case let word:
            guard let isUsed = ParameterReader.bool(word) else {
                throw fault(
                    source.place, "device property 'USE_DATA' must be YES, NO or EXIST, found '\(value)'",
                    "write EXIST, which is the default.")
            }
            return isUsed ? .always : .never
        }
    }

    private func slotCount(_ source: Source) throws(ConfigurationError) -> Int {
        guard let text = source.properties.value(of: "num-slot") else { return 1 }
        guard let count = Int(text), (1...BraceExpansion.greatestCount).contains(count) else {
            throw fault(
                source.place,
                "property 'num-slot' of changer '\(source.name)' must be a number, found '\(text)'",
                "write property \"num-slot\" \"10\".")
        }
        return count
    }

    private func bool(_ name: String, _ source: Source) throws(ConfigurationError) -> Bool {
        guard let text = source.properties.value(of: name) else { return false }
        guard let bool = ParameterReader.bool(text) else {
            throw fault(
                source.place,
                "property '\(name)' of changer '\(source.name)' must be yes or no, found '\(text)'",
                "write property \"\(name)\" \"yes\".")
        }
        return bool
    }

    private func fault(_ place: FaultPlace, _ what: String, _ hint: String) -> ConfigurationError {
        ConfigurationError([ConfigurationFault(place, what, hint: hint)])
    }
}

extension [ConfigurationProperty] {
    /// Those of `others` count where both have one. Source: Amanda 3.5.1 `Changer.pm`, `configure_device`.
    fileprivate func replacing(_ others: [ConfigurationProperty]) -> [ConfigurationProperty] {
        filter { own in !others.contains { $0.name == own.name } } + others
    }
}
