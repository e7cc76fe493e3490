// SPDX-License-Identifier: Apache-2.0

import Foundation

/// A disk whose archives were made to lead out of the directory that they are restored into: level 0 brings a link, level 1
/// goes through it.
struct CraftedDisk: Sendable {
    let name: String
    /// What `lnk` of level 0 points to; `@` stands for the directory elsewhere.
    var link = "@"
    /// Members of level 1, as `crafted.py` reads them.
    let members: [[String: String]]

    static let all = [
        CraftedDisk(name: "file", members: [["name": "./lnk/evil", "data": "evil"]]),
        CraftedDisk(name: "replaced", members: [["name": "./lnk/precious", "data": "evil"]]),
        CraftedDisk(
            name: "relative", link: "../../../../../../../../../../../../../../../..@",
            members: [["name": "./lnk/evil", "data": "evil"]]),
        CraftedDisk(
            name: "process", link: "/proc/1/root@", members: [["name": "./lnk/evil", "data": "evil"]]),
        CraftedDisk(
            name: "renamed", members: [["name": "./", "type": "D", "data": "Nlnk|R./lnk/taken|T./stolen||"]]),
        CraftedDisk(name: "purged", members: [["name": "./lnk/", "type": "D", "data": "|"]]),
        CraftedDisk(
            name: "mode", members: [["name": "./lnk/dir/", "type": "5", "mode": "0777", "owner": "1234"]]),
        CraftedDisk(
            name: "attribute",
            members: [["name": "./lnk/dir/", "type": "5", "mode": "0755", "attribute": "evil"]]),
        CraftedDisk(name: "fifo", members: [["name": "./lnk/fifo", "type": "6"]]),
        CraftedDisk(name: "device", members: [["name": "./lnk/device", "type": "3"]]),
        CraftedDisk(name: "linked", members: [["name": "./copy", "type": "1", "link": "./lnk/precious"]]),
        CraftedDisk(
            name: "linked-above",
            members: [
                ["name": "./copy", "type": "1", "link": "../../../../../../../../../../../../..@/precious"]
            ]),
    ]

    /// Writes an archive as GNU tar's incremental ones are: argument 1 is the file, 2 what is in it.
    static let program = """
        import io, json, sys, tarfile, time
        members = json.loads(sys.argv[2])
        has_attributes = any("attribute" in member for member in members)
        kind = tarfile.PAX_FORMAT if has_attributes else tarfile.GNU_FORMAT
        with tarfile.open(sys.argv[1], "w", format=kind) as archive:
            for member in members:
                info = tarfile.TarInfo(member["name"])
                info.type = member.get("type", "0").encode()
                info.mode = int(member.get("mode", "0644"), 8)
                info.uid = info.gid = int(member.get("owner", "0"))
                info.mtime = 1000000000
                info.linkname = member.get("link", "")
                info.devmajor, info.devminor = 1, 3
                if "attribute" in member:
                    info.pax_headers = {"SCHILY.xattr.user.evil": member["attribute"]}
                data = member.get("data", "").replace("|", "\\0").encode()
                info.size = len(data) if info.type in (b"0", b"D") else 0
                archive.addfile(info, io.BytesIO(data))
        """

    /// What the node calls tar: the archive lies ready for each disk; only the snapshot is the real tar's.
    static func tar(archives: String) -> String {
        """
        #!/bin/bash
        directory= before= estimate=
        for word in "$@"; do
            case "$before" in --directory) directory=$word ;; --file) [ "$word" = - ] || estimate=yes ;; esac
            before=$word
        done
        archive="\(archives)/$(basename "$directory").tar"
        if [ -n "$estimate" ] || [ ! -e "$archive" ]; then exec /usr/bin/tar "$@"; fi
        /usr/bin/tar "$@" >/dev/null 2>&1
        /usr/bin/tar --list --block-number --file "$archive" >&2
        cat "$archive"
        echo "Total bytes written: $(stat -c %s "$archive") (1KiB, 1MiB/s)" >&2

        """
    }
}

/// Two backups of such disks by one node.
struct CraftedArchives: Arrangement {
    static let plan = ConfigurationPlan(
        name: StockAmanda.newName("crafted"), dumpcycle: 7, isRecorded: true,
        dumptypeLines: ["maxpromoteday 0"])

    let cluster: TestCluster
    var node: ClusterNode { cluster.nodes[0] }
    /// A disk whose archives are tar's own, of two levels.
    var ordinary: String { "\(node.data)/ordinary" }
    /// What no restore may touch.
    var elsewhere: String { "\(cluster.directory)/elsewhere" }

    static func arrange() async throws -> CraftedArchives {
        let cluster = try await TestCluster(nodes: ["node01"], configurations: [plan.name])
        let made = CraftedArchives(cluster: cluster)
        do {
            try await made.prepare()
            for level in 0...1 {
                try await made.craft(level)
                try await made.change(level)
                try cluster.expectSuccess(try await cluster.amfleet(["backup"]))
            }
        } catch {
            await cluster.remove()
            throw error
        }
        return made
    }

    private func prepare() async throws {
        let archives = "\(cluster.directory)/archives"
        for path in [archives, ordinary, "\(elsewhere)/dir", "\(elsewhere)/taken"]
            + CraftedDisk.all.map({ "\(node.data)/\($0.name)" })
        {
            try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        }
        // What tar finds there goes into its snapshot, by which a dump is found plausible.
        for disk in CraftedDisk.all {
            for name in ["lnk", "plain"] { try write("plain", to: "\(node.data)/\(disk.name)/\(name)") }
        }
        try write("precious\n", to: "\(elsewhere)/precious")
        try write("inside\n", to: "\(elsewhere)/dir/inside")
        let tar = "\(cluster.directory)/crafted-tar"
        try write(CraftedDisk.tar(archives: archives), to: tar, mode: 0o755)
        try write(
            "amgtar:gnutar_path=/usr/bin/tar\namgtar:gnutar_path=\(tar)\n",
            to: "\(node.directory)/etc/amanda-security.conf")
        let directory = node.directory(of: Self.plan.name)
        let text = Self.plan.text(node: node.name, directory: directory, store: node.store)
            .replacingOccurrences(
                of: "plugin \"amgtar\"", with: "plugin \"amgtar\"\n    property \"GNUTAR-PATH\" \"\(tar)\"")
        let disks = CraftedDisk.all.map { "localhost \(node.data)/\($0.name) archive\n" }
        try await node.configure(
            Self.plan.name, text: text, disklist: disks.joined() + "localhost \(ordinary) archive\n")
        try await node.configure(.selfBackup, disks: ["\(node.directory)/etc"])
        try await cluster.startAgents()
    }

    private func change(_ level: Int) async throws {
        let script =
            level == 0
            ? "mkdir -p \"$1/sub\"; cd \"$1\"; echo a > sub/file; echo b > goes; ln -s sub/file link; ln sub/file hard"
            : "cd \"$1\"; echo c > new; rm goes; echo d > sub/other; ln -s sub way"
        try await EndToEndTests.script(script, [ordinary])
    }

    private func craft(_ level: Int) async throws {
        for disk in CraftedDisk.all {
            let link = disk.link.replacingOccurrences(of: "@", with: elsewhere)
            let base = [
                ["name": "./", "type": "D", "data": "Nlnk|Nplain||", "mode": "0755"],
                ["name": "./lnk", "type": "2", "link": link, "mode": "0777"],
                ["name": "./plain", "data": "plain"],
            ]
            let members = (level == 0 ? base : disk.members).map { member in
                member.mapValues { $0.replacingOccurrences(of: "@", with: elsewhere) }
            }
            let json = String(decoding: try JSONSerialization.data(withJSONObject: members), as: UTF8.self)
            try await successful([
                "/usr/bin/python3", "-c", CraftedDisk.program,
                "\(cluster.directory)/archives/\(disk.name).tar", json,
            ])
        }
    }

    func restore(to target: String, _ more: [String] = []) async throws -> CommandResult {
        try await cluster.amfleet(["restore", "--configuration", Self.plan.name, "--to", target] + more)
    }

    func remove() async { await cluster.remove() }
}
