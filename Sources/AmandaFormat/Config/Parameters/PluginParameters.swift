// SPDX-License-Identifier: Apache-2.0

/// Definitions of interfaces and of programs that Amanda calls.
extension ParameterTable {
    /// `define interface`.
    static let interface = ParameterTable([
        text("comment", used: true),
        number("use", 80_000, NumberRule.positive, unit: .kibibytes),
        text("src-ip", "NULL"),
    ])

    /// `define application-tool`.
    static let application = ParameterTable([
        text("comment", used: true),
        text("plugin", used: true),
        Parameter("property", .properties(ofDevice: false, isVisible: true), .properties([]), used: true),
        text("client-name"),
    ])

    /// `define script-tool`.
    static let script = ParameterTable([
        text("comment", used: true),
        text("plugin"),
        Parameter("property", .properties(ofDevice: false, isVisible: true), .properties([])),
        Parameter("execute-on", .commaKeywords(occasions), .keywords([])),
        Parameter("execute-where", .keyword(["CLIENT", "SERVER"]), .keyword("CLIENT")),
        number("order", 5000, NumberRule.int32),
        bool("single-execution", false),
        text("client-name"),
    ])

    /// `define taperscan`, `define interactivity`.
    static let plugin = ParameterTable([
        text("comment", used: true),
        text("plugin"),
        Parameter("property", .properties(ofDevice: false, isVisible: true), .properties([])),
    ])

    /// In the order in which Amanda prints them.
    private static let occasions = [
        "PRE-AMCHECK", "PRE-DLE-AMCHECK", "PRE-HOST-AMCHECK", "POST-DLE-AMCHECK", "POST-HOST-AMCHECK",
        "POST-AMCHECK", "PRE-ESTIMATE", "PRE-DLE-ESTIMATE", "PRE-HOST-ESTIMATE", "POST-DLE-ESTIMATE",
        "POST-HOST-ESTIMATE", "POST-ESTIMATE", "PRE-BACKUP", "PRE-DLE-BACKUP", "PRE-HOST-BACKUP",
        "POST-BACKUP", "POST-DLE-BACKUP", "POST-HOST-BACKUP", "PRE-RECOVER", "POST-RECOVER",
        "PRE-LEVEL-RECOVER", "POST-LEVEL-RECOVER", "INTER-LEVEL-RECOVER",
    ]
}
