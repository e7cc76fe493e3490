// SPDX-License-Identifier: Apache-2.0

import Faults
import Testing

@testable import AmandaFormat

@Suite struct DisklistTests {
    private func disklist(_ text: String, _ configuration: AmandaConfiguration? = nil) throws -> Disklist {
        let configuration = try configuration ?? configFixture("reference-corrected")
        return try Disklist(
            parsing: text, file: "/etc/amanda/test/disklist", configuration: configuration
        ) { path -> String in
            guard path.hasSuffix("/more") else { throw MissingFile(path: path) }
            return "localhost /more all\n"
        }
    }

    @Test func `reads the reference disklists`() throws {
        let data = try disklist(String(amandaBytes: try amandaFixture("Config/disklist.data")))
        #expect(data.entries.map(\.diskName) == ["/opt/vertica", "/usr/local/data", "/home"])
        #expect(data.entries.map(\.host) == ["localhost", "localhost", "localhost"])
        #expect(data.entries[1].dumptype.compression == .none)
        let own = try disklist(String(amandaBytes: try amandaFixture("Config/disklist.amanda-server")))
        #expect(own.entries.map(\.directory) == ["/etc/"])
        #expect(own.entries[0].dumptype.name == "all-archive")
        #expect(own.entries[0].spindle == -1)
    }

    @Test func `included disklists are not read without end`() throws {
        var count = 0
        let configuration = try configFixture("reference-corrected")
        func included(_ path: String) -> String {
            count += 1
            let number = path.split(separator: "f").last.flatMap { Int($0) } ?? 0
            return number > 9 ? "" : String(repeating: "includefile \"f\(number + 1)\"\n", count: 2)
        }
        let error = #expect(throws: ConfigurationError.self) {
            _ = try Disklist(
                parsing: "includefile \"f0\"\n", file: "/etc/amanda/test/disklist",
                configuration: configuration, include: included)
        }
        #expect(count == ConfigurationParser.greatestFileCount - 1)
        #expect(error?.facts == ConfigurationParser.tooManyFiles)
    }

    @Test func `reads devices, quotes, braces, spindles, interfaces and included files`() throws {
        let list = try disklist(
            """
            # comment
            localhost "/with blank\\"s" all 3 LOCAL # end
            localhost data /srv/data {
              normal-uncompressed   # inherits
              exclude append "./tmp"
              application {
                plugin "amgtar"
              }
            } 1 local
            includefile "more"
            localhost /last ALL

            """)
        #expect(list.entries.map(\.diskName) == ["/with blank\"s", "data", "/more", "/last"])
        #expect(list.entries[0].spindle == 3)
        #expect(list.entries[0].interface == "LOCAL")
        #expect(list.entries[1].directory == "/srv/data")
        #expect(list.entries[1].spindle == 1)
        #expect(list.entries[1].dumptype.name == "custom(localhost:data).1")
        #expect(list.entries[1].dumptype.exclude == .init(files: ["./tmp"], lists: [".amanda.excludes"]))
        #expect(list.entries[3].place.line == 11)
    }

    @Test(arguments: [
        ("localhost /x nromal", "disklist:1: unknown dumptype 'nromal'\nhint: write 'normal'."),
        ("localhost /x zebra", "disklist:1: unknown dumptype 'zebra'"),
        ("localhost /x nromal 1", "disklist:1: unknown dumptype 'nromal'\nhint: write 'normal'."),
        ("localhost x /x nromal", "disklist:1: unknown dumptype 'nromal'\nhint: write 'normal'."),
        ("localhost", "disklist:1: an entry must be a host, a disk and a dumptype"),
        ("localhost \"/x all", "disklist:1: a double quote is not closed on its line"),
        ("localhost /x all one", "disklist:1: the spindle must be a whole number, found 'one'"),
        ("localhost /x all 1 locl", "disklist:1: unknown interface 'locl'\nhint: write 'local'."),
        ("localhost /x all 1 local y", "disklist:1: unexpected 'y' at the end of an entry"),
        (
            "localhost /x {\n all\n compres none\n}",
            "disklist:3: unknown parameter 'compres' in dumptype 'custom(localhost:_x).1'\nhint: write 'compress'."
        ),
        (
            "localhost /x {\n all\n",
            "disklist:1: the '{' of this entry is never closed\nhint: put a '}' on a line of its own."
        ),
        (
            "localhost /x all\n\nlocalhost /x normal",
            "disklist:3: localhost /x stands twice, first at disklist:1\nhint: remove one, or give it a disk name of its own and the directory as device."
        ),
        (
            "localhost /a/b all\nlocalhost /a_b all",
            "disklist:2: disk '/a_b' and disk '/a/b' at disklist:1 have the same name in the catalog\nhint: give one of them another disk name."
        ),
        (
            "localhost /a all\nLocalhost /b all",
            "disklist:2: host 'Localhost' is written 'localhost' at disklist:1\nhint: write it the same way everywhere."
        ),
        (
            "includefile \"gone\"",
            "disklist:1: cannot read the included file '/etc/amanda/cf-reference-corrected/gone': no such file"
        ),
    ])
    func `a fault is named with its line`(text: String, expected: String) {
        #expect(faultText { _ = try disklist(text) } == expected)
    }

    @Test func `a host that is not this node is refused by name`() throws {
        let configuration = try configFixture("reference-corrected")
        let list = try disklist(
            "localhost /a all\nnode01.example.com. /b all\nnode02 /c all\n", configuration)
        let own: Set = ["localhost", "node01", "node01.example.com"]
        #expect(list.entries.map { $0.isHost(amongst: own) } == [true, true, false])
        #expect(
            faultText { try list.requireSupported(configuration: configuration, ownNames: own) } == """
                disklist:3: node02 /c: host 'node02' is not this node, and needs Amanda's network client
                hint: write localhost; or, if this machine had that name before, give it back with 'hostnamectl set-hostname node02', and the disk's dumps go on, or have its disks taken over by 'amfleetd adopt'; or move the entry to that node's own disklist.
                """)
    }

    @Test func `a dumptype that asks for too much is refused where an entry uses it`() throws {
        let configuration = try configFixture("reference-corrected")
        let list = try disklist(
            "localhost /a all\n\nlocalhost /b {\n  all\n  server_encrypt \"\"\n  encrypt server\n}\n",
            configuration)
        let text = faultText {
            try list.requireSupported(configuration: configuration, ownNames: ["localhost"])
        }
        #expect(
            text == """
                disklist:3: localhost /b: encrypt server needs a program, and server-encrypt is not set (dumptype 'custom(localhost:_b).1', disklist:6)
                hint: write server-encrypt "/absolute/path".
                """)
    }

    @Test func `what several disks ask for in vain is said once, with its line and of how many disks`() throws
    {
        let configuration = try configFixture("reference-corrected")
        let list = try disklist(
            "localhost /a all\nlocalhost /b {\n all\n program \"STAR\"\n}\nfar /c all\nlocalhost /d all\n",
            configuration)
        let required = try disklist(
            "localhost /a d\nlocalhost /b d\nlocalhost /c d\n",
            try AmandaFormatTests.configuration(
                "define dumptype d {\n program \"STAR\"\n holdingdisk required\n}\n"))
        let own: Set = ["localhost"]
        #expect(
            list.refusals(configuration: configuration, ownNames: own).map(\.place?.line) == [2, 6])
        #expect(
            required.refusals(
                configuration: try AmandaFormatTests.configuration("tapedev \"file:/v\"\n"), ownNames: own
            ).map(\.facts) == [
                "localhost /a and 2 other disks: dumptype 'd' says holdingdisk required, and there is no holding disk",
                "localhost /a and 2 other disks: program \"STAR\" is not supported (dumptype 'd', /etc/amanda/test/amanda.conf:2)",
            ])
    }

    @Test(arguments: [
        ("program \"STAR\"", "program \"STAR\" is not supported"),
        (
            "compress server custom",
            "compress server custom needs a program, and server-custom-compress is not set"
        ),
        (
            "compress client custom \n client_custom_compress \"zstd\"",
            "client-custom-compress \"zstd\" is not an absolute path without blanks"
        ),
        ("encrypt client", "encrypt client needs a program, and client-encrypt is not set"),
        (
            "compress server fast \n encrypt client \n client_encrypt \"/bin/x\"",
            "the server cannot compress what the client has encrypted"
        ),
        (
            "script { \n  }",
            "script-tool 'custom(DUMPTYPE:custom(localhost:_a).1).1': plugin '' is not the name of a program"
        ),
    ])
    func `each wish that cannot be met is named`(parameter: String, expected: String) throws {
        let configuration = try configFixture("reference-corrected")
        let list = try disklist("localhost /a {\n  all\n  \(parameter)\n}\n", configuration)
        #expect(list.entries[0].dumptype.refusals.map(\.facts) == [expected])
    }

    @Test func `skipped entries ask for nothing`() throws {
        let configuration = try configuration("define dumptype d {\n ignore yes\n}\n")
        let list = try disklist("far /a d\nfar /b {\n strategy skip\n}\n", configuration)
        #expect(list.activeEntries.isEmpty)
        #expect(list.refusals(configuration: configuration, ownNames: []).isEmpty)
    }
}
