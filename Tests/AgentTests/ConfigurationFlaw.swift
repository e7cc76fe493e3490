// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import Files

/// One way to spoil the node's data configuration, and what must be said of it.
struct ConfigurationFlaw: Sendable, CustomStringConvertible {
    let description: String
    /// What is replaced in `amanda.conf`, and by what.
    var change: (String, String)?
    /// DISK stands for the disk's directory.
    var disklist: String?
    var properties: [(name: String, value: String)] = []
    /// Lines of the application-tool.
    var application: String?
    /// Lines of the dumptype.
    var dumptype: [String] = []
    /// Lines before all definitions but the changer's.
    var definitions: [String] = []
    /// Another changer's lines, or another name of a changer.
    var changer: String?
    /// Where its volumes lie.
    var place: String?
    var name = "data"
    var role = ConfigurationChoice.Role.data
    /// A file below the node's directory, its contents and its mode.
    var file: (path: String, text: String, mode: UInt32)?
    /// A file that is taken away.
    var removed: String?
    /// What every message about it has in it.
    let text: String

    /// Spoils a node.
    func apply(to node: NodeFixture) throws {
        try node.configure(
            "data", disks: [node.data], place: place, dumptypeLines: ["record no"] + dumptype,
            definitions: definitions, properties: properties, changer: changer)
        let conf = "etc/amanda/data/amanda.conf"
        var text = try node.read(conf)
        if let application {
            text = text.replacing("plugin \"amgtar\"", with: "plugin \"amgtar\"\n  \(application)")
        }
        if let (old, new) = change { text = text.replacing(old, with: new) }
        try node.write(conf, text)
        if let disklist {
            try node.write("etc/amanda/data/disklist", disklist.replacing("DISK", with: node.data))
        }
        if let file {
            try node.write(file.path, file.text)
            try FileSystem.writeAtomically(node.path(file.path), Array(file.text.utf8), mode: file.mode)
        }
        if let removed { try FileSystem.remove(node.path(removed)) }
    }
}

extension ConfigurationFlaw {
    static let all = files + disks + changers + dumptypes

    private static let files = [
        ConfigurationFlaw(
            description: "a brace never closed",
            change: ("  blocksize 5 megabytes\n}", "  blocksize 5 megabytes\n"),
            text: "amanda.conf:"),
        ConfigurationFlaw(
            description: "an unknown parameter", change: ("tapecycle 2", "tapecicle 2"), text: "tapecicle"),
        ConfigurationFlaw(
            description: "no number", change: ("tapecycle 2", "tapecycle many"), text: "amanda.conf:"),
        ConfigurationFlaw(
            description: "an unknown tapetype", change: ("tapetype S3\n", "tapetype LTO\n"), text: "LTO"),
        ConfigurationFlaw(
            description: "an unknown device property", properties: [("NB_THREADDS_BACKUP", "2")],
            text: "NB_THREADDS_BACKUP"),
        ConfigurationFlaw(
            description: "a file to include that is not there",
            change: ("tapecycle 2", "tapecycle 2\nincludefile \"absent.conf\""), text: "absent.conf"),
        ConfigurationFlaw(
            description: "a dumpuser that does not exist",
            change: ("dumpuser \"root\"", "dumpuser \"amdump\""),
            text: "dumpuser 'amdump'"),
        ConfigurationFlaw(
            description: "an unknown configuration", name: "absent", text: "no Amanda configuration 'absent'"),
        ConfigurationFlaw(
            description: "a path for a name", name: "../data", text: "no Amanda configuration '../data'"),
        ConfigurationFlaw(
            description: "a damaged tapelist",
            file: ("etc/amanda/data/tapelist", "20261123030600 data-01 reuse\nnonsense\n", 0o644),
            text: "tapelist"),
        ConfigurationFlaw(
            description: "a file where the logs should be",
            change: ("logdir \"", "logdir \"/etc/hostname\" #"),
            text: "/etc/hostname"),
    ]

    private static let disks = [
        ConfigurationFlaw(
            description: "no disklist", removed: "etc/amanda/data/disklist", text: "disklist' does not exist"),
        ConfigurationFlaw(description: "an empty disklist", disklist: "# none\n", text: "no disk to dump"),
        ConfigurationFlaw(
            description: "a disklist that leaves every disk out",
            disklist: "localhost DISK {\n  all\n  strategy skip\n}\n", text: "no disk to dump"),
        ConfigurationFlaw(
            description: "an unknown dumptype", disklist: "localhost DISK al\n", text: "disklist:1"),
        ConfigurationFlaw(
            description: "another host", disklist: "db7.example.com DISK all\n", text: "db7.example.com"),
        ConfigurationFlaw(
            description: "one disk twice", disklist: "localhost DISK all\nlocalhost DISK all\n",
            text: "disklist:2"),
    ]

    private static let changers = [
        ConfigurationFlaw(
            description: "a changer that is not defined", change: ("tapedev \"my_s3\"", "tapedev \"mine\""),
            text: "'mine'"),
        ConfigurationFlaw(
            description: "a robot", changer: "tpchanger \"chg-robot:/dev/sg0\"", text: "chg-robot"),
        ConfigurationFlaw(
            description: "a changer of no kind", changer: "tpchanger \"chg-multi\"", text: "no ':'"),
        ConfigurationFlaw(
            description: "one slot twice",
            changer: "tpchanger \"chg-multi:s3:b/demo/node01/data/slot-{1,1}\"",
            text: "stands twice"),
        ConfigurationFlaw(
            description: "slots here and there", changer: "tpchanger \"chg-multi:{s3:b/slot-1,file:/slot}\"",
            text: "slots on S3 and in directories"),
        ConfigurationFlaw(
            description: "a relative directory", changer: "tpchanger \"chg-disk:vtapes\"",
            text: "is not absolute"),
        ConfigurationFlaw(
            description: "Swift", properties: [("STORAGE_API", "SWIFT-1.0")],
            text: "only Amazon's S3 interface"),
        ConfigurationFlaw(
            description: "OpenStack", properties: [("OPENSTACK_SWIFT_API", "YES")],
            text: "only Amazon's S3 interface"),
        ConfigurationFlaw(
            description: "no storage class", properties: [("S3_STORAGE_CLASS", "COLD STORE")],
            text: "is no storage class"),
        ConfigurationFlaw(
            description: "an encryption that S3 lacks", properties: [("S3_SERVER_SIDE_ENCRYPTION", "des")],
            text: "AES256 or aws:kms"),
        ConfigurationFlaw(
            description: "parts of no end",
            change: ("part_size 1 gigabytes", "part_size 9223372036854775807"),
            text: "of memory for its upload parts"),
        ConfigurationFlaw(
            description: "blocks of no end", change: ("blocksize 5 megabytes", "blocksize 7000000 gbytes"),
            text: "of memory for its upload parts"),
        ConfigurationFlaw(
            description: "copies", change: ("tapetype S3\n", "tapetype S3\nvault-storage \"v\"\n"),
            definitions: ["define storage v {\n tapedev \"my_s3\"\n}"], text: "vault-storage"),
        ConfigurationFlaw(
            description: "two storages", change: ("tapetype S3\n", "tapetype S3\nstorage \"v\" \"w\"\n"),
            definitions: [
                "define storage v {\n tapedev \"my_s3\"\n}", "define storage w {\n tapedev \"my_s3\"\n}",
            ], text: "several storages"),
        ConfigurationFlaw(
            description: "another node's place", place: "BUCKET/demo/node02/data",
            text: "another node's place"),
        ConfigurationFlaw(
            description: "a self-backup where nobody looks", place: "elsewhere/self", role: .selfBackup,
            text: "the cluster's place for it"),
        ConfigurationFlaw(
            description: "a self-backup on the node", changer: "tpchanger \"chg-disk:/vtapes\"",
            role: .selfBackup, text: "lost with this node"),
    ]

    private static let dumptypes = [
        ConfigurationFlaw(description: "dump(8)", dumptype: ["program \"DUMP\""], text: "program \"DUMP\""),
        ConfigurationFlaw(
            description: "another application", change: ("plugin \"amgtar\"", "plugin \"amsamba\""),
            text: "amsamba"),
        ConfigurationFlaw(
            description: "DirectTCP", dumptype: ["data-path directtcp"], text: "data-path directtcp"),
        ConfigurationFlaw(
            description: "custom compression by nothing", dumptype: ["compress client custom"],
            text: "client-custom-compress is not set"),
        ConfigurationFlaw(
            description: "a relative program to encrypt with",
            dumptype: ["encrypt client", "client-encrypt \"amcrypt\""], text: "is not an absolute path"),
        ConfigurationFlaw(
            description: "compression of what is encrypted",
            dumptype: ["compress server fast", "encrypt client", "client-encrypt \"/usr/sbin/amcrypt\""],
            text: "the server cannot compress"),
        ConfigurationFlaw(
            description: "a holding disk required, and none",
            dumptype: ["holdingdisk required"], text: "holdingdisk required"),
        ConfigurationFlaw(
            description: "a script with a path", dumptype: ["script \"freeze\""],
            definitions: [
                "define script-tool freeze {\n plugin \"../freeze\"\n execute-on pre-dle-backup\n}"
            ],
            text: "is not the name of a program"),
        ConfigurationFlaw(
            description: "a script by the client's name", dumptype: ["script \"freeze\""],
            definitions: [
                "define script-tool freeze {\n plugin \"freeze\"\n client-name \"c\"\n execute-on pre-dle-backup\n}"
            ],
            text: "client-name is not supported"),
    ]

    /// Of a disk's application: they cost that disk alone.
    static let ofOneDisk = [
        ConfigurationFlaw(
            description: "a tar that root has not allowed",
            application: "property \"GNUTAR-PATH\" \"/opt/tar\"",
            text: "GNUTAR-PATH '/opt/tar' is not allowed"),
        ConfigurationFlaw(
            description: "a tar that anybody may allow", application: "property \"GNUTAR-PATH\" \"/opt/tar\"",
            file: ("etc/amanda-security.conf", "amgtar:gnutar_path=/opt/tar\n", 0o666),
            text: "can be written by others than root"),
        ConfigurationFlaw(
            description: "an option that runs a program",
            application: "property \"COMMAND-OPTIONS\" \"--to-command=/tmp/x\"",
            text: "'--to-command=/tmp/x': it runs a program as root"),
        ConfigurationFlaw(
            description: "an unknown property", application: "property \"GNUTAR-PAHT\" \"/bin/tar\"",
            text: "the application has no property 'gnutar-paht'"),
        ConfigurationFlaw(
            description: "a block size that is no number", application: "property \"TAR-BLOCKSIZE\" \"big\"",
            text: "expected a number from 1 to 2048"),
        ConfigurationFlaw(
            description: "neither yes nor no", application: "property \"SPARSE\" \"perhaps\"",
            text: "expected YES or NO"),
        ConfigurationFlaw(
            description: "no regular expression", application: "property \"NORMAL\" \"[\"",
            text: "POSIX extended regular expressions"),
        ConfigurationFlaw(
            description: "statuses that say nothing", application: "property \"EXIT-HANDLING\" \"1=FINE\"",
            text: "1=GOOD"),
        ConfigurationFlaw(
            description: "a relative directory of snapshots",
            application: "property \"GNUTAR-LISTDIR\" \"lists\"",
            text: "expected an absolute path"),
    ]
}
