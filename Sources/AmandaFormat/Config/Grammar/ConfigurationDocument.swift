// SPDX-License-Identifier: Apache-2.0

import Faults

/// All of a configuration as it was read: global parameters and definitions, not yet given a meaning.
struct ConfigurationDocument: Sendable {
    var global: ConfigurationBlock
    /// Of each kind in the order of the file, after those that Amanda defines itself.
    private(set) var blocks: [DefinitionKind: [ConfigurationBlock]]
    /// Where each definition begins that the file holds, kept for hints about names used too early.
    var laterNames: [DefinitionKind: [(name: String, place: FaultPlace)]] = [:]
    /// What it seems to hold and could not be read.
    var losses = ConfigurationLosses()
    /// Hidden characters in strings.
    var hidden: [Remark] = []

    init(file: String) {
        global = ConfigurationBlock(nil, name: "", place: FaultPlace(file: file, line: 1))
        blocks = [.dumptype: Self.builtInDumptypes(FaultPlace(file: file, line: 0))]
    }

    func blocks(_ kind: DefinitionKind) -> [ConfigurationBlock] {
        blocks[kind] ?? []
    }

    /// The definition of a name, without regard to case (`-` and `_` differ).
    func block(_ kind: DefinitionKind, named name: String) -> ConfigurationBlock? {
        blocks(kind).first { $0.name.lowercased() == name.lowercased() }
    }

    mutating func add(_ block: ConfigurationBlock) {
        guard let kind = block.kind else { return }
        blocks[kind, default: []].append(block)
    }

    mutating func setDefaults(_ defaults: [String: ParameterValue], ofEvery kind: DefinitionKind) {
        for index in blocks(kind).indices {
            blocks[kind]?[index].defaults.merge(defaults) { $1 }
        }
    }

    /// They stand in line 0.
    ///
    /// Sources: amanda.conf(5), DUMPTYPE SECTION; `amadmin CONF config`.
    private static func builtInDumptypes(_ place: FaultPlace) -> [ConfigurationBlock] {
        let settings: [(String, String, ParameterValue)] = [
            ("NO-COMPRESS", "compress", .keyword("NONE")),
            ("COMPRESS-FAST", "compress", .keyword("CLIENT FAST")),
            ("COMPRESS-BEST", "compress", .keyword("CLIENT BEST")),
            ("COMPRESS-CUST", "compress", .keyword("CLIENT CUSTOM")),
            ("SRVCOMPRESS", "compress", .keyword("SERVER FAST")),
            ("BSD-AUTH", "auth", .text("BSD")),
            ("BSDTCP-AUTH", "auth", .text("BSDTCP")),
            ("NO-RECORD", "record", .bool(false)),
            ("NO-HOLD", "holdingdisk", .keyword("NEVER")),
            ("NO-FULL", "strategy", .keyword("NOFULL")),
        ]
        return settings.map { name, parameter, value in
            var block = ConfigurationBlock(.dumptype, name: name, place: place)
            block.settings[parameter] = .init(value: value, place: place)
            return block
        }
    }
}
