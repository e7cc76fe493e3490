// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import HiddenCharacters

extension ClusterSettings {
    /// The file's text: every setting in canonical order, what is not set left out.
    ///
    /// Reading it gives the same settings; `node add` and `node remove` write it.
    public var text: String {
        var lines = ["{", "  \"format\": 1,", "  \"cluster\": \(quoted(cluster)),"]
        if let clusterID { lines.append("  \"clusterID\": \(quoted(clusterID)),") }
        lines.append("  \"storage\": {")
        lines += members([
            ("bucket", quoted(storage.address.bucket)), ("prefix", quoted(storage.address.prefix)),
            ("region", quoted(storage.address.region)), ("endpoint", storage.address.endpoint.map(quoted)),
            ("addressing", storage.address.addressing.map { quoted($0.rawValue) }),
            ("kmsKeyID", storage.address.kmsKeyID.map(quoted)),
            ("credentialsFile", storage.credentialsFile.map(quoted)),
            ("authority", storage.authority.map(quoted)),
        ])
        lines += ["  },", "  \"tls\": {"]
        let isKeyElsewhere = tls.authorityKey != TLSFiles.keyBeside(tls.authority)
        lines += members([
            ("authority", quoted(tls.authority)),
            ("authorityKey", isKeyElsewhere ? quoted(tls.authorityKey) : nil),
            ("certificate", quoted(tls.certificate)), ("privateKey", quoted(tls.privateKey)),
        ])
        lines.append("  },")
        if let recovery {
            lines.append("  \"recovery\": [\(recovery.map(quoted).joined(separator: ", "))],")
        }
        lines.append("  \"configurations\": {")
        let data = configurations.data.map(quoted).joined(separator: ", ")
        lines += members([("self", quoted(configurations.selfBackup)), ("data", "[\(data)]")])
        lines += ["  },", "  \"limits\": {"]
        lines += members([
            ("agentLost", quoted(limits.agentLost.settingText)),
            ("stalled", quoted(limits.stalled.settingText)),
            ("run", (limits.run?.settingText).map(quoted)),
            ("storageOutage", quoted(limits.storageOutage.settingText)),
            ("holdAfter", quoted(limits.holdAfter.settingText)),
            ("sendMiBPerSecond", limits.sendMiBPerSecond.map(String.init)),
            ("receiveMiBPerSecond", limits.receiveMiBPerSecond.map(String.init)),
        ])
        if plausibility != Plausibility() {
            lines += ["  },", "  \"plausibility\": {"]
            lines += members([("bytes", "\(plausibility.bytes)"), ("names", "\(plausibility.names)")])
        }
        lines += ["  },", "  \"nodes\": ["]
        lines += nodes.enumerated().map { index, node in
            "    { \"name\": \(quoted(node.name)), \"address\": \(quoted(node.address.description))"
                + (node.restore.map { ", \"restore\": \($0.settingText)" } ?? "") + " }"
                + (index + 1 < nodes.count ? "," : "")
        }
        lines += ["  ]", "}", ""]
        return lines.joined(separator: "\n")
    }

    private func members(_ pairs: [(key: String, value: String?)]) -> [String] {
        let lines = pairs.compactMap { pair in pair.value.map { "    \"\(pair.key)\": \($0)" } }
        return lines.enumerated().map { $0.offset + 1 < lines.count ? $0.element + "," : $0.element }
    }
}

extension RestoreCommands {
    fileprivate var settingText: String {
        let limit = limitSeconds.map { quoted(Duration.seconds($0).settingText) }
        let pairs = [
            ("before", before.map(quoted)), ("after", after.map(quoted)),
            ("afterFailure", afterFailure.map(quoted)), ("limit", limit),
        ]
        let members = pairs.compactMap { key, value in value.map { "\"\(key)\": \($0)" } }
        return members.isEmpty ? "{}" : "{ \(members.joined(separator: ", ")) }"
    }
}

/// `text` as a JSON string.
func quoted(_ text: String) -> String {
    var result = "\""
    for scalar in text.unicodeScalars {
        switch scalar {
        case "\"": result += "\\\""
        case "\\": result += "\\\\"
        case "\n": result += "\\n"
        case "\r": result += "\\r"
        case "\t": result += "\\t"
        // Nobody would see it in the file, and readers take it as an escape alone.
        case _ where scalar.isHidden:
            for unit in String(scalar).utf16 {
                let digits = String(unit, radix: 16)
                result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            }
        default: result.unicodeScalars.append(scalar)
        }
    }
    return result + "\""
}

extension Duration {
    /// As `cluster.json` spells it, in the largest unit that divides it.
    var settingText: String {
        let (seconds, attoseconds) = components
        guard attoseconds == 0 else { return "\(seconds * 1000 + attoseconds / 1_000_000_000_000_000)ms" }
        let units: [(Int64, String)] = [(86_400, "d"), (3600, "h"), (60, "m")]
        for (length, letter) in units where seconds > 0 && seconds % length == 0 && seconds / length > 1 {
            return "\(seconds / length)\(letter)"
        }
        return "\(seconds)s"
    }
}
