// SPDX-License-Identifier: Apache-2.0

extension ParameterTable {
    /// `define dumptype`. Defaults of `followingGlobals` are the global values where the definition stands.
    static let dumptype = ParameterTable(dumping + filters + planning + transport)

    /// Parameters whose default is what the global one of the same name says at that line.
    static let followingGlobals = [
        "dumpcycle", "maxdumps", "bumppercent", "bumpsize", "bumpdays", "bumpmult",
    ]

    private static let dumping: [Parameter] = [
        text("comment", used: true),
        Parameter("program", .text(.program), .text("DUMP"), used: true),
        Parameter("application", .definition(.application), .text(nil), used: true),
        Parameter("script", .scripts, .names([]), used: true),
        Parameter("property", .properties(ofDevice: false, isVisible: false), .properties([]), used: true),
        Parameter("exclude", .selection, .selection(.init()), used: true),
        Parameter("include", .selection, .selection(.init()), used: true),
        bool("record", true, used: true),
        bool("index", true, used: true),
        bool("ignore", false, used: true),
        Parameter("strategy", .keyword(strategies), .keyword("STANDARD"), used: true),
        Parameter("tag", .tags, .names([])),
        Parameter("data-path", .keyword(["AMANDA", "DIRECTTCP"]), .keyword("AMANDA"), used: true),
    ]

    private static let filters: [Parameter] = [
        Parameter("compress", .compress, .keyword("CLIENT FAST"), used: true),
        text("server-custom-compress", used: true),
        text("client-custom-compress", used: true),
        Parameter("encrypt", .keyword(["NONE", "CLIENT", "SERVER"]), .keyword("NONE"), used: true),
        text("server-encrypt", used: true),
        text("client-encrypt", used: true),
        text("server-decrypt-option", "-d", used: true),
        text("client-decrypt-option", "-d", used: true),
        bool("kencrypt", false),
    ]

    private static let planning: [Parameter] = [
        Parameter("priority", .priority, .integer(1), used: true),
        number("dumpcycle", 10, NumberRule.natural, unit: .days, used: true),
        number("maxdumps", 1, NumberRule.positive, used: true),
        number("maxpromoteday", 10_000, NumberRule.natural, unit: .days, used: true),
        number("bumppercent", 0, 0...100, used: true),
        number("bumpsize", 10_240, NumberRule.positive64, unit: .kibibytes, used: true),
        number("bumpdays", 2, NumberRule.positive, unit: .days, used: true),
        Parameter("bumpmult", .real(atLeast: 0.999), .real(1.5), used: true),
        Parameter("starttime", .timeOfDay, .integer(0), used: true),
        Parameter(
            "estimate", .keywords(["CLIENT", "SERVER", "CALCSIZE"]), .keywords(["CLIENT"]), used: true),
        Parameter("comprate", .rates, .rates(full: 0.5, incremental: 0.5), used: true),
        bool("skip-incr", false, used: true),
        bool("skip-full", false, used: true),
        Parameter("holdingdisk", .holdingdisk, .keyword("AUTO"), used: true),
        number("tape-splitsize", 0, NumberRule.natural64, unit: .kibibytes),
        number("fallback-splitsize", 10_240, NumberRule.any64, unit: .kibibytes),
        text("split-diskbuffer"),
        bool("allow-split", true, used: true),
        number("max-warnings", 20, NumberRule.natural),
        number("retry-dump", 2, NumberRule.positive),
    ]

    private static let transport: [Parameter] = [
        text("auth", "BSDTCP", used: true),
        text("amandad-path"),
        text("client-username"),
        Parameter("client-port", .integerOrText, .text("")),
        text("ssh-keys"),
        Parameter("recovery-limit", .hostLimit(takesNames: true), .hosts(HostLimit())),
        Parameter("dump-limit", .hostLimit(takesNames: false), .hosts(HostLimit(allowsServer: true))),
        text("ssl-fingerprint-file"),
        text("ssl-cert-file"),
        text("ssl-key-file"),
        text("ssl-ca-cert-file"),
        text("ssl-cipher-list"),
        bool("ssl-check-host", true),
        bool("ssl-check-certificate-host", true),
        bool("ssl-check-fingerprint", true),
    ]

    private static let strategies = ["STANDARD", "NOFULL", "NOINC", "SKIP", "HANOI", "INCRONLY"]
}
