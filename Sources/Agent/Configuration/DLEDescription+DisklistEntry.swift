// SPDX-License-Identifier: Apache-2.0

import AmandaFormat
import Secret

extension DLEDescription {
    /// A disklist entry as the headers of its dump at a level describe it.
    init(_ entry: DisklistEntry, level: Int = 0) {
        let dumptype = entry.dumptype
        self.init(
            program: dumptype.program, disk: entry.diskName,
            device: entry.device == entry.diskName ? nil : entry.device, level: level,
            plugin: dumptype.application?.plugin)
        auth = dumptype.auth.isEmpty ? nil : dumptype.auth
        compression = Compression(dumptype.compression)
        encryption = Encryption(dumptype.encryption)
        isRecorded = dumptype.isRecorded
        isIndexed = dumptype.isIndexed
        dataPath = "AMANDA"
        exclude = dumptype.exclude.isEmpty ? nil : dumptype.exclude
        include = dumptype.include.isEmpty ? nil : dumptype.include
        dumptypeProperties = dumptype.properties.filter(\.isVisible).map(Property.init)
        scripts = dumptype.scripts.map(Script.init)
        properties = (dumptype.application?.properties ?? []).filter(\.isVisible).map(Property.init)
    }
}

extension DLEDescription.Compression {
    /// Nil for none.
    fileprivate init?(_ compression: DumpType.Compression) {
        switch compression {
        case .none: return nil
        case .clientFast: self = .clientFast
        case .clientBest: self = .clientBest
        case .serverFast: self = .serverFast
        case .serverBest: self = .serverBest
        case .clientCustom(let program): self = .clientCustom(program: program)
        case .serverCustom(let program): self = .serverCustom(program: program)
        }
    }
}

extension DLEDescription.Script {
    /// Without hidden properties, which stock Amanda writes into headers all the same.
    fileprivate init(_ script: ScriptTool) {
        self.init(
            plugin: script.plugin, side: script.side, points: script.points,
            properties: script.properties.filter(\.isVisible).map(DLEDescription.Property.init))
    }
}

extension DLEDescription.Encryption {
    /// Nil for none.
    fileprivate init?(_ encryption: DumpType.Encryption) {
        switch encryption {
        case .none: return nil
        case .client(let program, let option): self = .clientCustom(program: program, decryptOption: option)
        case .server(let program, let option): self = .serverCustom(program: program, decryptOption: option)
        }
    }
}

extension DLEDescription.Property {
    /// Only of a visible property: its values stand in headers.
    init(_ property: ConfigurationProperty) {
        self.init(
            name: property.name, values: property.values.map(\.plaintext), hasPriority: property.hasPriority)
    }
}

extension DLEDescription.FileSelection {
    fileprivate var isEmpty: Bool { files.isEmpty && lists.isEmpty }
}
