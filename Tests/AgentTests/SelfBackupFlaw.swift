// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import Files

/// One way to keep from a self-backup what an empty machine needs, and what must be said of it.
struct SelfBackupFlaw: Sendable, CustomStringConvertible {
    let description: String
    /// Lines of the self-backup's dumptype.
    var dumptype: [String] = []
    /// A line of its application.
    var application: String?
    /// More disks of it.
    var disks: [String] = []
    /// Run in the node's directory after all is configured.
    var script = ""
    /// Below the node's directory, and why.
    let path: String
    let reason: SelfBackupGap.Reason

    static let all = excludes + links + places

    /// - Parameter path: below the node's `etc`.
    private static func excluded(_ what: String, by pattern: String, _ path: String) -> SelfBackupFlaw {
        SelfBackupFlaw(
            description: "an exclude of \(what)", dumptype: ["exclude \"\(pattern)\""], path: "etc/\(path)",
            reason: .absent)
    }

    private static let excludes = [
        excluded("a disklist", by: "./amanda/data/disklist", "amanda/data/disklist"),
        excluded("a configuration", by: "./amanda/data", "amanda/data/amanda.conf"),
        excluded("all curinfo", by: "*/curinfo", "amanda/data/curinfo/localhost"),
        excluded("a pattern", by: "*.gz", "amanda/data/index/localhost"),
        excluded("logs", by: "log.*", "amanda/data/log."),
        excluded("the security file", by: "./amanda-security.conf", "amanda-security.conf"),
        SelfBackupFlaw(
            description: "a list of excludes", dumptype: ["exclude list \"STATE/left-out\""],
            script: "echo ./amanda/data/tapelist >left-out", path: "etc/amanda/data/tapelist", reason: .absent
        ),
        SelfBackupFlaw(
            description: "an appended exclude",
            dumptype: ["exclude file \"./hostname\"", "exclude file append \"./amanda/data/disklist\""],
            path: "etc/amanda/data/disklist", reason: .absent),
        SelfBackupFlaw(
            description: "an include of something else", dumptype: ["include \"./hostname\""],
            path: "etc/amanda/self/amanda.conf", reason: .absent),
        SelfBackupFlaw(
            description: "an exclude among tar's own options",
            application: "property \"COMMAND-OPTIONS\" \"--exclude=./amanda/self/disklist\"",
            path: "etc/amanda/self/disklist", reason: .absent),
        SelfBackupFlaw(
            description: "a file that tar may not read",
            application: "property \"GNUTAR-PATH\" \"STATE/weak-tar\"",
            script: """
                printf '#!/bin/sh\\nexec setpriv --bounding-set=-dac_override,-dac_read_search /usr/bin/tar "$@"\\n' >weak-tar
                chmod 755 weak-tar; echo "amgtar:gnutar_path=$PWD/weak-tar" >etc/amanda-security.conf
                chmod 000 etc/amanda/data/disklist
                """, path: "etc/amanda/data/disklist", reason: .absent),
        SelfBackupFlaw(
            description: "an exclude of a list that a dumptype names", dumptype: ["exclude \"./lists\""],
            script: """
                mkdir etc/lists; echo ./scratch >etc/lists/data
                sed -i "s,^ *index yes,&\\n  exclude list \\"$PWD/etc/lists/data\\"," etc/amanda/data/amanda.conf
                """, path: "etc/lists/data", reason: .absent),
    ]

    private static let links = [
        SelfBackupFlaw(
            description: "a configuration behind a link",
            script: "mv etc/amanda/data moved; ln -s ../../moved etc/amanda/data",
            path: "etc/amanda/data/amanda.conf", reason: .linked),
        SelfBackupFlaw(
            description: "a disklist behind a link",
            script: "mv etc/amanda/data/disklist disklist; ln -s \"$PWD/disklist\" etc/amanda/data/disklist",
            path: "etc/amanda/data/disklist", reason: .linked),
        SelfBackupFlaw(
            description: "a catalog behind a link",
            script: "mkdir info; ln -s ../../../info etc/amanda/data/curinfo",
            path: "etc/amanda/data/curinfo", reason: .linked),
        SelfBackupFlaw(
            description: "a link that is left out", dumptype: ["exclude \"./amanda/data/disklist\""],
            script: "mv etc/amanda/data/disklist etc/disks; ln -s ../../disks etc/amanda/data/disklist",
            path: "etc/amanda/data/disklist", reason: .linkAbsent),
        SelfBackupFlaw(
            description: "Amanda's directory behind a link", disks: ["STATE/moved"],
            script: "mv etc/amanda moved; ln -s ../moved etc/amanda", path: "etc/amanda",
            reason: .directoryLinked),
    ]

    private static let places = [
        SelfBackupFlaw(
            description: "Amanda's directory behind a link that leads out of the disk",
            script: "mv etc/amanda moved; ln -s \"$PWD/moved\" etc/amanda", path: "etc/amanda",
            reason: .directoryLinked),
        SelfBackupFlaw(
            description: "a list of volumes elsewhere",
            script:
                "mkdir lists; echo \"tapelist \\\"$PWD/lists/tapelist\\\"\" >>etc/amanda/data/amanda.conf",
            path: "lists/tapelist", reason: .outside),

        SelfBackupFlaw(
            description: "an included file outside",
            script:
                "echo 'inparallel 1' >common; echo \"includefile \\\"$PWD/common\\\"\" >>etc/amanda/data/amanda.conf",
            path: "common", reason: .outside),
        SelfBackupFlaw(
            description: "a catalog outside",
            script: "sed -i \"s,^indexdir.*,indexdir \\\"$PWD/index\\\",\" etc/amanda/data/amanda.conf",
            path: "index", reason: .outside),
        SelfBackupFlaw(
            description: "a disklist's included file outside",
            script:
                "echo \"localhost $PWD/data all\" >disks; echo \"includefile \\\"$PWD/disks\\\"\" >etc/amanda/data/disklist",
            path: "disks", reason: .outside),
    ]

    /// Spoils a node.
    func apply(to node: NodeFixture) throws {
        func here(_ text: String) -> String { text.replacing("STATE", with: node.state.path) }
        try node.configure(
            "self", disks: [node.path("etc")] + disks.map(here),
            dumptypeLines: ["record no"] + dumptype.map(here))
        if let application {
            let conf = "etc/amanda/self/amanda.conf"
            try node.write(
                conf,
                try node.read(conf).replacing(
                    "plugin \"amgtar\"", with: "plugin \"amgtar\"\n  \(here(application))"))
        }
        try node.run(script)
    }
}
