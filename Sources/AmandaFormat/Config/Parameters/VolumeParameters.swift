// SPDX-License-Identifier: Apache-2.0

/// Definitions about volumes and where they are.
extension ParameterTable {
    /// `define tapetype`.
    static let tapetype = ParameterTable([
        text("comment", used: true),
        text("lbl-templ"),
        number("blocksize", 32, 32...Int64.max, unit: .kibibytes, used: true),
        number("readblocksize", 32, 32...Int64.max, unit: .kibibytes),
        number("length", 2000, NumberRule.natural64, unit: .kibibytes, used: true),
        number("filemark", 1, NumberRule.any64, unit: .kibibytes, used: true),
        number("speed", 200, NumberRule.natural, unit: .bytes),
        number("part-size", 0, NumberRule.natural64, unit: .kibibytes, used: true),
        Parameter("part-cache-type", .keyword(["NONE", "DISK", "MEMORY"]), .keyword("NONE")),
        text("part-cache-dir"),
        number("part-cache-max-size", 0, NumberRule.natural64, unit: .kibibytes),
    ])

    /// `define changer`.
    static let changer = ParameterTable([
        text("comment", used: true),
        text("tapedev", used: true),
        text("tpchanger", used: true),
        text("changerdev"),
        text("changerfile", used: true),
        Parameter("property", .properties(ofDevice: false, isVisible: true), .properties([]), used: true),
        Parameter(
            "device-property", .properties(ofDevice: true, isVisible: true), .properties([]), used: true),
    ])

    /// `define device`.
    static let device = ParameterTable([
        text("comment", used: true),
        Parameter(
            "device-property", .properties(ofDevice: true, isVisible: true), .properties([]), used: true),
        text("tapedev", used: true),
    ])

    /// `define holdingdisk`, `holdingdisk NAME {`. Sizes are rounded to Amanda's 32 KiB blocks.
    static let holdingdisk = ParameterTable([
        text("comment", used: true),
        text("directory", used: true),
        Parameter(
            "use", .integer(NumberRule(unit: .kibibytes, range: NumberRule.any64, step: 32)), .integer(0),
            used: true),
        Parameter(
            "chunksize",
            .integer(
                NumberRule(unit: .kibibytes, range: 64...Int64.max, step: 32, zero: 9_007_199_254_740_896)),
            .integer(1_048_576), used: true),
    ])

    /// `define storage`. What it does not say is as the global parameters say.
    static let storage = ParameterTable([
        text("comment", used: true),
        Parameter("policy", .definition(.policy), .text(""), used: true),
        text("tapedev", used: true),
        text("tpchanger", used: true),
        Parameter("labelstr", .labelConstraint, .labelConstraint(.expression(".*")), used: true),
        Parameter("autolabel", .autolabel, .autolabel(.none), used: true),
        Parameter("meta-autolabel", .text(.noBlanksOrQuotes), .text("")),
        Parameter("tapepool", .text(.noBlanksOrQuotes), .text(""), used: true),
        number("runtapes", 1, NumberRule.natural, unit: .tapes, used: true),
        Parameter("taperscan", .definition(.taperscan), .text("")),
        Parameter("tapetype", .name, .text("DEFAULT_TAPE"), used: true),
        number("max-dle-by-volume", 1_000_000_000, NumberRule.positive, used: true),
        Parameter("taperalgo", .keyword(taperAlgorithms), .keyword("FIRST"), used: true),
        number("taper-parallel-write", 1, NumberRule.int32),
        bool("eject-volume", false),
        bool("erase-volume", false),
        number("device-output-buffer-size", 1_310_720, NumberRule.positive64, unit: .bytes),
        Parameter("autoflush", .noYesAll, .keyword("NO"), used: true),
        number("flush-threshold-dumped", 0, NumberRule.natural),
        number("flush-threshold-scheduled", 0, NumberRule.natural),
        number("taperflush", 0, NumberRule.natural),
        bool("report-use-media", true),
        bool("report-next-media", true),
        Parameter("interactivity", .definition(.interactivity), .text("")),
        bool("set-no-reuse", false, used: true),
        Parameter("dump-selection", .dumpSelection, .dumpSelections([]), used: true),
        Parameter("vault", .vault, .vaults([]), used: true),
        bool("erase-on-failure", false),
        bool("erase-on-full", false),
    ])

    /// `define policy`.
    static let policy = ParameterTable([
        text("comment", used: true),
        number("retention-tapes", 0, NumberRule.natural, unit: .tapes, used: true),
        number("retention-days", 0, NumberRule.natural, unit: .days, used: true),
        number("retention-recover", 0, NumberRule.natural, unit: .days, used: true),
        number("retention-full", 0, NumberRule.natural, unit: .days, used: true),
    ])
}
