// SPDX-License-Identifier: Apache-2.0

extension ParameterTable {
    /// What may stand outside of any definition.
    static let global = ParameterTable(
        names + cycles + limits + volumes + reports + network + debug)

    private static let names: [Parameter] = [
        text("org", "DailySet1", used: true),
        text("mailto"),
        text("dumpuser", "backup", used: true),
        text("printer"),
        text("mailer", "/usr/bin/mail"),
        text("tapedev", used: true),
        Parameter(
            "device-property", .properties(ofDevice: true, isVisible: true), .properties([]), used: true),
        Parameter("property", .properties(ofDevice: false, isVisible: false), .properties([])),
        text("tpchanger", used: true),
        text("changerdev"),
        text("changerfile", "changer", used: true),
        Parameter("labelstr", .labelConstraint, .labelConstraint(.expression(".*")), used: true),
        text("tapelist", "tapelist", used: true),
        text("diskfile", "disklist", used: true),
        text("infofile", "/etc/amanda/curinfo", used: true),
        text("logdir", "/etc/amanda", used: true),
        text("indexdir", "/etc/amanda/index", used: true),
        text("command-file", "command_file", used: true),
        Parameter("tapetype", .name, .text("DEFAULT_TAPE"), used: true),
        Parameter("holdingdisk", .holdingdisks, .names([]), used: true),
    ]

    private static let cycles: [Parameter] = [
        number("dumpcycle", 10, NumberRule.natural, unit: .days, used: true),
        number("runspercycle", 0, -1...Int64(Int32.max), used: true),
        number("runtapes", 1, NumberRule.natural, unit: .tapes, used: true),
        number("tapecycle", 15, NumberRule.positive, unit: .tapes, used: true),
        number("bumpdays", 2, NumberRule.positive, unit: .days, used: true),
        number("bumpsize", 10_240, NumberRule.positive64, unit: .kibibytes, used: true),
        number("bumppercent", 0, 0...100, used: true),
        Parameter("bumpmult", .real(atLeast: 0.999), .real(1.5), used: true),
    ]

    private static let limits: [Parameter] = [
        number("netusage", 80_000, NumberRule.positive, unit: .kibibytes, used: true),
        number("inparallel", 10, 1...63, used: true),
        text("dumporder", "ttt", used: true),
        number("maxdumps", 1, NumberRule.positive, used: true),
        number("max-dle-by-volume", 1_000_000_000, NumberRule.positive, used: true),
        number("etimeout", 300, NumberRule.int32, used: true),
        number("dtimeout", 1800, NumberRule.positive, used: true),
        number("ctimeout", 30, NumberRule.positive, used: true),
        number("device-output-buffer-size", 1_310_720, NumberRule.positive64, unit: .bytes),
        number("maxdumpsize", -1, NumberRule.any64, unit: .kibibytes, used: true),
        number("reserve", 100, 0...100, used: true),
    ]

    private static let volumes: [Parameter] = [
        Parameter("taperalgo", .keyword(taperAlgorithms), .keyword("FIRST"), used: true),
        number("taper-parallel-write", 1, NumberRule.int32),
        number("flush-threshold-dumped", 0, NumberRule.natural),
        number("flush-threshold-scheduled", 0, NumberRule.natural),
        number("taperflush", 0, NumberRule.natural),
        Parameter("autoflush", .noYesAll, .keyword("NO"), used: true),
        text("label-new-tapes", used: true),
        Parameter("autolabel", .autolabel, .autolabel(.none), used: true),
        Parameter("meta-autolabel", .text(.noBlanksOrQuotes), .text("")),
        bool("eject-volume", false),
        Parameter("interactivity", .definition(.interactivity), .text("")),
        Parameter("taperscan", .definition(.taperscan), .text("")),
        Parameter("storage", .names, .names([]), used: true),
        Parameter("active-storage", .names, .names([]), used: true),
        Parameter("vault-storage", .names, .names([]), used: true),
    ]

    private static let reports: [Parameter] = [
        text("columnspec"),
        Parameter("send-amreport-on", .keyword(["ALL", "STRANGE", "ERROR", "NEVER"]), .keyword("ALL")),
        Parameter("displayunit", .text(.displayUnit), .text("K")),
        bool("report-use-media", true),
        bool("report-next-media", true),
        text("tmpdir", "/tmp/amanda"),
        Parameter("usetimestamps", .alwaysYes, .bool(true)),
        bool("amrecover-do-fsf", true),
        text("amrecover-changer"),
        bool("amrecover-check-label", true),
        Parameter("recovery-limit", .hostLimit(takesNames: true), .hosts(HostLimit())),
        bool("compress-index", true),
        bool("sort-index", false),
    ]

    private static let network: [Parameter] = [
        number("connect-tries", 3, NumberRule.positive),
        number("rep-tries", 5, NumberRule.positive),
        number("req-tries", 3, NumberRule.positive),
        text("krb5keytab", "/.amanda-v5-keytab"),
        text("krb5principal", "service/amanda"),
        Parameter("reserved-udp-port", .range(1...1023), .range(first: 840, last: 860)),
        Parameter("reserved-tcp-port", .range(1...1023), .range(first: 512, last: 1023)),
        Parameter("unreserved-tcp-port", .range(1024...65535), .range(first: 50_000, last: 50_100)),
        number("rest-api-port", 0, NumberRule.int32),
        text("rest-ssl-cert"),
        text("rest-ssl-key"),
        text("ssl-dir", "/etc/amanda/ssl"),
    ]

    private static let debug: [Parameter] =
        [number("debug-days", 4, NumberRule.int32), number("debug-recovery", 1, 0...9)]
        + [
            "amandad", "amidxtaped", "amindexd", "amrecover", "auth", "event", "holding", "protocol",
            "planner", "driver", "dumper", "chunker", "taper", "selfcheck", "sendsize", "sendbackup",
        ].map { number("debug-\($0)", 0, 0...9) }

    static let taperAlgorithms = ["FIRST", "FIRSTFIT", "LARGEST", "LARGESTFIT", "SMALLEST", "LAST"]
}
