// SPDX-License-Identifier: Apache-2.0

/// What `define` can define. The raw value is the name that `amgetconf` and errors use.
enum DefinitionKind: String, Sendable, CaseIterable {
    case dumptype, tapetype, interface, application, script, device, changer, storage, policy, taperscan
    case interactivity, holdingdisk

    /// The kind that a word after `define` names.
    init?(keyword: String) {
        switch canonicalKeyword(keyword) {
        case "application-tool": self = .application
        case "script-tool": self = .script
        case let word: self.init(rawValue: word)
        }
    }

    /// Every word that may follow `define`.
    static let keywords = allCases.map(\.rawValue) + ["application-tool", "script-tool"]

    /// What may stand between its braces.
    var table: ParameterTable {
        switch self {
        case .dumptype: .dumptype
        case .tapetype: .tapetype
        case .interface: .interface
        case .application: .application
        case .script: .script
        case .device: .device
        case .changer: .changer
        case .storage: .storage
        case .policy: .policy
        case .taperscan, .interactivity: .plugin
        case .holdingdisk: .holdingdisk
        }
    }
}
