// SPDX-License-Identifier: Apache-2.0

import AmandaFormat
import Dump
import Files
import Foundation
import TestSupport
import Testing

private let amgtar = "/usr/lib/amanda/application/amgtar"
private let isAmgtarUsable =
    AmandaSandbox.isUsable && FileSystem.exists(amgtar) && RequiredTools.areUsable("weed")

/// The same tree, dumped by stock amgtar and by us with the same properties and selection: the archives list the same, and
/// both find the same things strange.
@Suite(.enabled(if: isAmgtarUsable), .timeLimit(.minutes(5)))
struct AmgtarOracleTests {
    struct Case: Sendable, CustomTestStringConvertible {
        var name: String
        var properties: [(String, [String])] = []
        var exclude = DLEDescription.FileSelection()
        var include = DLEDescription.FileSelection()
        var testDescription: String { name }
    }

    /// Of amgtar: its archive's listing, and its lines.
    private struct Stock {
        var listing: String
        var strange: [String]
        var notes: [String]
    }

    static let propertyCases = [
        Case(name: "amgtar's defaults"),
        Case(name: "XATTRS", properties: [("XATTRS", ["YES"])]),
        Case(name: "ACLS, SPARSE", properties: [("ACLS", ["YES"]), ("SPARSE", ["NO"])]),
        Case(
            name: "devices",
            properties: [("ONE_FILE_SYSTEM", ["no"]), ("CHECK-DEVICE", ["NO"]), ("ATIME-PRESERVE", ["NO"])]),
        Case(name: "NO-UNQUOTE", properties: [("NO-UNQUOTE", ["YES"]), ("TAR-BLOCKSIZE", ["20"])]),
        Case(name: "COMMAND-OPTIONS", properties: [("COMMAND-OPTIONS", ["--exclude=*.o", "--exclude-vcs"])]),
        Case(name: "a repeated default", properties: [("STRANGE", [": socket ignored$"])]),
        Case(name: "no default", properties: [("STRANGE", ["socket"]), ("IGNORE", ["ignored$"])]),
        Case(name: "IGNORE", properties: [("IGNORE", [": socket ignored$", "x"])]),
        Case(name: "EXIT-HANDLING", properties: [("EXIT-HANDLING", ["1=GOOD 2=BAD"])]),
    ]

    static let selectionCases = [
        Case(
            name: "exclude patterns",
            exclude: .init(files: ["./a.x", "*.o", "", #"back\slash"#, #"quo"te"#, "sub/deep", "/etc"])),
        Case(name: "an exclude list", exclude: .init(lists: ["list"])),
        Case(name: "exclude lists and patterns", exclude: .init(files: ["*.o"], lists: ["list", "tail"])),
        Case(name: "a missing exclude list", exclude: .init(files: [""], lists: ["none", "list"])),
        Case(name: "an optional one", exclude: .init(lists: ["none"], isOptional: true)),
        Case(name: "include patterns", include: .init(files: ["./*.x", "./sub/deep", "./sub/none", "./q*"])),
        Case(
            name: "wildcards in a path",
            include: .init(files: ["./*.x", "./sub/*", "./q*/?.o", "./su\\b/k.x", "./.h*"])),
        Case(
            name: "a bad include", exclude: .init(files: ["b.x"]),
            include: .init(files: ["./?.x", "sub", "/etc"])),
        Case(name: "an include list", include: .init(lists: ["includes", "none"])),
        Case(
            name: "an optional include list", include: .init(lists: ["none", "includes"], isOptional: true)),
    ]

    @Test(.long, arguments: propertyCases + selectionCases)
    func `lists the same archive and finds the same strange as stock amgtar`(_ example: Case) async throws {
        let fixture = try await DumpFixture(server: .shared())
        try makeTree(fixture.source)
        let stock = try dumpByAmgtar(fixture, example)
        let ours = try await fixture.dump(
            fixture.plan(nil, xattrs: false) { dle in
                dle.properties.removeFirst()
                dle.properties += example.properties.map { .init(name: $0.0, values: $0.1) }
                dle.exclude = example.exclude
                dle.include = example.include
            })
        #expect(ours.isUsable, "\(ours.status)")
        #expect(stock.listing.split(separator: "\n").count >= 1)
        let archive = fixture.directory.path("ours.tar")
        try FileSystem.writeAtomically(archive, try await fixture.stored(ours))
        #expect(try listing(archive) == stock.listing)
        #expect(ours.strange.sorted() == stock.strange.sorted())
        let notes = ours.notes.filter { !$0.hasSuffix("matches nothing") }  // of which amgtar says nothing
        #expect(notes.sorted() == stock.notes.sorted())
    }

    @Test func `an exclude "" leaves an inherited list, and says beforehand what is strange every night`()
        throws
    {
        let configuration = try AmandaConfiguration(
            parsing: """
                define dumptype parent {
                  program "GNUTAR"
                  exclude list "nightly.excludes"
                }
                define dumptype child {
                  parent
                  exclude ""
                }

                """, file: "/etc/amanda/x/amanda.conf"
        ) { path -> String in throw CocoaError(.fileNoSuchFile, userInfo: ["path": path]) }
        let child = try #require(configuration.dumptype(named: "child"))
        #expect(child.exclude == .init(files: [""], lists: ["nightly.excludes"]))
        #expect(child.refusals.isEmpty)
        var dle = DLEDescription(program: "GNUTAR", disk: "/", level: 0)
        dle.exclude = child.exclude
        let directory = try TemporaryDirectory()
        #expect(
            TarSelection(dle, device: directory.path).strange == [
                "Can't open exclude file '\(directory.path)/nightly.excludes': No such file or directory"
            ])
        try directory.write("nightly.excludes", "")
        #expect(TarSelection(dle, device: directory.path).strange == [])
    }

    @Test func `names that amgtar trips over are included, and none that leads out of the disk`() async throws
    {
        let fixture = try await DumpFixture(server: .shared())
        try shell(
            #"mkdir sub; for f in $'sub/new\nline' 'sub/back\nslash' 'sub/[z]'; do echo x > "$f"; done; echo y > ../outside"#,
            in: fixture.source)
        let outcome = try await fixture.dump(
            fixture.plan { $0.include = .init(files: ["./sub/*", "./sub/../../outs*", "./.*"]) })
        guard case .done = outcome.status else {
            Issue.record("\(outcome.status) \(outcome.strange)")
            return
        }
        _ = try await fixture.restore(outcome)
        #expect(
            try manifest(of: fixture.target + "/sub", withXattrs: false)
                == manifest(of: fixture.source + "/sub", withXattrs: false))
        #expect(try FileSystem.list(fixture.target) == ["sub"])
    }

    private func makeTree(_ directory: String) throws {
        try shell(
            #"""
            umask 022
            mkdir -p sub/deep .hidden.x quarter .git; chmod 755 . ..
            for f in a.x b.x c.o 'c d.x' 'back\slash' 'quo"te' .dot.x sub/deep/file sub/k.x quarter/q.o .git/head '[i].x'
            do printf '%s' "$f" > "$f"; done
            printf './a.x\n*.o\n\nc d.x\nback\\slash\nquo"te\n#none\n' > list
            printf 'sub/k.x' > tail
            printf './*.x\n\n./sub/k.x\nnodot\n./quarter\n' > includes
            truncate -s 3M sparse; ln a.x hard; ln -s a.x soft; mkfifo fifo; setfattr -n user.a -v b a.x
            python3 -c 'import socket; socket.socket(socket.AF_UNIX).bind("sock")'
            find . -print0 | xargs -0 touch -h -d @1700000000
            """#, in: directory)
    }

    private func dumpByAmgtar(_ fixture: DumpFixture, _ example: Case) throws -> Stock {
        var options = example.properties.flatMap { property in
            property.1.flatMap { ["--\(property.0.lowercased().replacing("_", with: "-"))", $0] }
        }
        options += example.exclude.files.flatMap { ["--exclude-file", $0] }
        options += example.exclude.lists.flatMap { ["--exclude-list", $0] }
        options += example.include.files.flatMap { ["--include-file", $0] }
        options += example.include.lists.flatMap { ["--include-list", $0] }
        if example.exclude.isOptional { options += ["--exclude-optional", "YES"] }
        if example.include.isOptional { options += ["--include-optional", "YES"] }
        let sandbox = try AmandaSandbox(fixture.directory.path("sandbox"))
        let words = try sandbox.command(
            [
                amgtar, "backup", "--message", "line", "--config", "amfleet-none", "--host", "localhost",
                "--disk", fixture.source, "--device", fixture.source, "--level", "0", "--index", "line",
                "--gnutar-listdir", fixture.directory.path("lists"),
            ] + options)
        let quoted = words.map { "'" + $0.replacing("'", with: #"'\''"#) + "'" }.joined(separator: " ")
        try shell(
            """
            mkdir lists; chown backup lists; chmod 755 .
            \(quoted) > stock.tar 3> messages 4> index
            """, in: fixture.directory.path)
        let lines = try shell("cat messages", in: fixture.directory.path).split(separator: "\n").map(
            String.init)
        func marked(_ mark: String) -> [String] {
            lines.filter { $0.hasPrefix(mark) && !$0.contains("Total bytes written") }
                .map { String($0.dropFirst(mark.count)) }
        }
        return Stock(
            listing: try listing(fixture.directory.path("stock.tar")), strange: marked("? "),
            notes: marked("| "))
    }

    /// Names with kind, owner, size and time, sorted; extended attributes too.
    private func listing(_ archive: String) throws -> String {
        try shell(
            "tar --xattrs --acls --numeric-owner --full-time -tvvf '\(archive)' | LC_ALL=C sort", in: "/")
    }
}
