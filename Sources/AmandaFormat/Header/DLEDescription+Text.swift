// SPDX-License-Identifier: Apache-2.0

import Digest

extension DLEDescription {
    /// The XML as Amanda writes it into headers, two blanks a depth, without a newline at its end.
    public var text: String {
        var lines = ["<dle>"]
        lines += tag("program", program, 1) + tag("disk", disk, 1)
        if let device { lines += tag("diskdevice", device, 1) }
        lines += tag("level", String(level), 1)
        if let auth { lines += tag("auth", auth, 1) }
        lines += compressionLines + encryptionLines
        lines += tag("record", isRecorded ? "YES" : "NO", 1)
        if isIndexed { lines += tag("index", "YES", 1) }
        if let dataPath { lines += tag("datapath", dataPath, 1) }
        lines += selectionLines("exclude", exclude) + selectionLines("include", include)
        lines += dumptypeProperties.flatMap(propertyLines) + scripts.flatMap(scriptLines)
        if let plugin {
            lines += ["  <backup-program>"] + tag("plugin", plugin, 2)
            lines += properties.flatMap(propertyLines)
            lines.append("  </backup-program>")
        }
        lines.append("</dle>")
        return lines.joined(separator: "\n")
    }

    private var compressionLines: [String] {
        switch compression {
        case nil: []
        case .clientFast: ["  <compress>FAST</compress>"]
        case .clientBest: ["  <compress>BEST</compress>"]
        case .serverFast: ["  <compress>SERVER-FAST</compress>"]
        case .serverBest: ["  <compress>SERVER-BEST</compress>"]
        case .clientCustom(let program):
            ["  <compress>CUSTOM" + inline("custom-compress-program", program), "  </compress>"]
        case .serverCustom(let program):
            ["  <compress>SERVER-CUSTOM" + inline("custom-compress-program", program), "  </compress>"]
        }
    }

    private var encryptionLines: [String] {
        let kind: String
        let program: String
        let option: String?
        switch encryption {
        case nil: return []
        case .clientCustom(let name, let decryptOption):
            (kind, program, option) = ("CUSTOM", name, decryptOption)
        case .serverCustom(let name, let decryptOption):
            (kind, program, option) = ("SERVER-CUSTOM", name, decryptOption)
        }
        var lines = ["  <encrypt>\(kind)" + inline("custom-encrypt-program", program)]
        if let option { lines += tag("decrypt-option", option, 2) }
        lines.append("  </encrypt>")
        return lines
    }

    private func selectionLines(_ name: String, _ selection: FileSelection?) -> [String] {
        guard let selection else { return [] }
        var lines = ["  <\(name)>"]
        lines += selection.files.flatMap { tag("file", $0, 2) }
        lines += selection.lists.flatMap { tag("list", $0, 2) }
        if selection.isOptional { lines += tag("optional", "YES", 2) }
        lines.append("  </\(name)>")
        return lines
    }

    private func scriptLines(_ script: Script) -> [String] {
        var lines = ["  <script>"] + tag("plugin", script.plugin, 2)
        lines += tag("execute_where", script.side.rawValue.uppercased(), 2)
        if !script.points.isEmpty {
            lines += tag("execute_on", script.points.map(\.rawValue).joined(separator: ","), 2)
        }
        return lines + script.properties.flatMap(propertyLines) + ["  </script>"]
    }

    private func propertyLines(_ property: Property) -> [String] {
        var lines = ["    <property>"] + tag("name", property.name, 3)
        if property.hasPriority { lines += tag("priority", "yes", 3) }
        // Amanda writes several values without a newline between them.
        lines.append(property.values.flatMap { tag("value", $0, 3) }.joined())
        lines.append("    </property>")
        return lines
    }

    private func inline(_ name: String, _ value: String) -> String {
        tag(name, value, 0).joined()
    }

    /// One element on a line of its own; a value with unusual bytes stands in Base64 beside a readable stand-in.
    private func tag(_ name: String, _ value: String, _ depth: Int) -> [String] {
        let indent = String(repeating: "  ", count: depth)
        let bytes = value.amandaBytes
        guard bytes.contains(where: Self.isUnusual) else { return ["\(indent)<\(name)>\(value)</\(name)>"] }
        let standIn = bytes.map { Self.isUnusual($0) ? UInt8(ascii: "_") : $0 }
        let raw = bytes.base64
        let shown = String(decoding: standIn, as: UTF8.self)
        return ["\(indent)<\(name) encoding=\"raw\" raw=\"\(raw)\">\(shown)</\(name)>"]
    }

    /// The bytes that Amanda's `amxml_format_tag` encodes.
    private static func isUnusual(_ byte: UInt8) -> Bool {
        byte <= 0x20 || byte > 0x7F || "<>\"&\\'".utf8.contains(byte)
    }
}
