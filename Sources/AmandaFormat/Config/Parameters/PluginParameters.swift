// SPDX-License-Identifier: Apache-2.0

/// Definitions of interfaces and of programs that Amanda calls.
extension ParameterTable {
    /// `define interface`.
    static let interface = ParameterTable([
        text("comment", used: true),
        number("use", 80_000, NumberRule.positive, unit: .kibibytes, used: true),
        text("src-ip", "NULL"),
    ])

    /// `define application-tool`.
    static let application = ParameterTable([
        text("comment", used: true),
        text("plugin", used: true),
        Parameter("property", .properties(ofDevice: false, isVisible: true), .properties([]), used: true),
        text("client-name", used: true),
    ])

    /// `define script-tool`.
    static let script = ParameterTable([
        text("comment", used: true),
        text("plugin", used: true),
        Parameter("property", .properties(ofDevice: false, isVisible: true), .properties([]), used: true),
        Parameter(
            "execute-on", .commaKeywords(ScriptPoint.allCases.map(\.rawValue)), .keywords([]), used: true),
        Parameter("execute-where", .keyword(["CLIENT", "SERVER"]), .keyword("CLIENT"), used: true),
        number("order", 5000, NumberRule.int32, used: true),
        bool("single-execution", false, used: true),
        text("client-name", used: true),
    ])

    /// `define taperscan`, `define interactivity`.
    static let plugin = ParameterTable([
        text("comment", used: true),
        text("plugin"),
        Parameter("property", .properties(ofDevice: false, isVisible: true), .properties([])),
    ])
}
