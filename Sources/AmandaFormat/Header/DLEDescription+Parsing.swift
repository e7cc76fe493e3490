// SPDX-License-Identifier: Apache-2.0

import XML

extension DLEDescription {
    /// Reads the XML of a header. Elements that Amanda 3.5 does not write into headers are ignored.
    public init(parsing text: String) throws(HeaderError) {
        let root = try XMLElement(amanda: text)
        guard root.name == "dle" else {
            throw .malformedDLE(what: "the element '\(root.name)' stands where 'dle' is expected")
        }
        guard let disk = root.value("disk") else {
            throw .malformedDLE(what: "the element 'disk' is missing")
        }
        self.init(
            program: root.value("program") ?? "GNUTAR", disk: disk, device: root.value("diskdevice"),
            level: root.value("level").flatMap { Int($0) } ?? 0)
        auth = root.value("auth")
        dataPath = root.value("datapath")
        isRecorded = root.value("record") != "NO"
        isIndexed = root.value("index") == "YES"
        compression = try root.child("compress").flatMap(Self.compression)
        encryption = try root.child("encrypt").flatMap(Self.encryption)
        exclude = root.child("exclude").map(Self.selection)
        include = root.child("include").map(Self.selection)
        dumptypeProperties = root.all("property").map(Self.property)
        scripts = root.all("script").map(Self.script)
        if let application = root.child("backup-program") {
            plugin = application.value("plugin")
            properties = application.all("property").map(Self.property)
        }
    }

    private static func compression(_ element: XMLElement) throws(HeaderError) -> Compression? {
        let program = element.value("custom-compress-program") ?? ""
        switch element.text.trimmingSpace {
        case "FAST": return .clientFast
        case "BEST": return .clientBest
        case "SERVER-FAST": return .serverFast
        case "SERVER-BEST": return .serverBest
        case "CUSTOM": return .clientCustom(program: program)
        case "SERVER-CUSTOM": return .serverCustom(program: program)
        case "": return nil
        case let other: throw .malformedDLE(what: "compress '\(other)' is unknown")
        }
    }

    private static func encryption(_ element: XMLElement) throws(HeaderError) -> Encryption? {
        let program = element.value("custom-encrypt-program") ?? ""
        let option = element.value("decrypt-option")
        switch element.text.trimmingSpace {
        case "CUSTOM": return .clientCustom(program: program, decryptOption: option)
        case "SERVER-CUSTOM": return .serverCustom(program: program, decryptOption: option)
        case "", "NO", "NONE": return nil
        case let other: throw .malformedDLE(what: "encrypt '\(other)' is unknown")
        }
    }

    private static func selection(_ element: XMLElement) -> FileSelection {
        FileSelection(
            files: element.all("file").map(\.content), lists: element.all("list").map(\.content),
            isOptional: element.value("optional") == "YES")
    }

    private static func script(_ element: XMLElement) -> Script {
        let points = (element.value("execute_on") ?? "").split(separator: ",")
        return Script(
            plugin: element.value("plugin") ?? "",
            side: element.value("execute_where") == "SERVER" ? .server : .client,
            points: points.compactMap { ScriptPoint(rawValue: String($0)) },
            properties: element.all("property").map(property))
    }

    private static func property(_ element: XMLElement) -> Property {
        Property(
            name: element.value("name") ?? "", values: element.all("value").map(\.content),
            hasPriority: element.value("priority")?.lowercased() == "yes")
    }
}
