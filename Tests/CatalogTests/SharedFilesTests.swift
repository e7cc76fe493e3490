// SPDX-License-Identifier: Apache-2.0

import AmandaFormat
import Faults
import Files
import Foundation
import Glibc
import Testing

@testable import Catalog

@Suite struct SharedFilesTests {
    private let slot = "s3:ambucket/path/slot-01"

    @Test func `replaces the tapelist as Amanda does`() throws {
        let scratch = try ScratchCatalog.ofStockAmanda()
        try TapelistFile(scratch.location).update { $0.remove(label: "amcat-0001") }
        #expect(try TapelistFile(scratch.location).read().entries.map(\.label) == ["amcat-0002"])
        let status = try #require(try FileSystem.status(scratch.path("tapelist")))
        #expect(status.mode == 0o600)
        let writer = FileSystem.symbolicLinkTarget(scratch.path("tapelist.last_write"))
        #expect(writer == String(ProcessInfo.processInfo.processIdentifier))
    }

    @Test func `a missing tapelist is an empty one`() throws {
        let scratch = try ScratchCatalog()
        #expect(try TapelistFile(scratch.location).read() == Tapelist())
    }

    /// It was an empty one too: every volume was free then.
    @Test func `a tapelist that cannot be looked at is no empty one`() throws {
        let scratch = try ScratchCatalog.ofStockAmanda()
        let directory = FileSystem.parentDirectory(of: scratch.location.tapelist)
        try FileSystem.rename(directory, to: "\(directory).away")
        defer { try? FileSystem.removeTree("\(directory).away") }
        symlink(directory, directory)
        #expect(throws: FilesError.self) { _ = try TapelistFile(scratch.location).read() }
        #expect(throws: FilesError.self) { _ = try CatalogReader(scratch.location).tapelist() }
    }

    @Test(.timeLimit(.minutes(1)))
    func `waits only so long for a tapelist that another program holds`() throws {
        let scratch = try ScratchCatalog.ofStockAmanda()
        let lock = scratch.path("tapelist.lock")
        let holder = Process()
        holder.executableURL = URL(fileURLWithPath: "/usr/bin/perl")
        let script = """
            use Fcntl; open F, "+>>", $ARGV[0] or die; my $l = pack("s s x4 q q i x4", F_WRLCK, 0, 0, 0, 0);
            fcntl(F, F_SETLK, $l) or die; $| = 1; print "held\\n"; <STDIN>;
            """
        holder.arguments = ["-e", script, lock]
        let (said, end) = (Pipe(), Pipe())
        holder.standardOutput = said
        holder.standardInput = end
        try holder.run()
        defer { holder.waitUntilExit() }
        defer { kill(holder.processIdentifier, SIGKILL) }
        #expect(said.fileHandleForReading.availableData == Data("held\n".utf8))
        let error = #expect(throws: FilesError.self) {
            try TapelistFile(scratch.location).update { $0.remove(label: "amcat-0001") }
        }
        #expect(error?.description == "cannot lock '\(lock)': another process has held it for 0.2 seconds")
        #expect(try TapelistFile(scratch.location).read().entries.count == 2)
    }

    @Test func `reserves its slot, forgets its label, and gives it back`() throws {
        let scratch = try ScratchCatalog.ofStockAmanda()
        let path = scratch.path("s3-statefile")
        let before = try #require(try FileSystem.status(path))
        let file = ChangerStateFile(path, location: scratch.location)
        try file.reserve(slot)
        let held = try file.read()
        #expect(held.reservations.map(\.pid) == [ProcessInfo.processInfo.processIdentifier])
        #expect(held.label(of: slot) == nil)
        #expect(held.label(of: "s3:ambucket/path/slot-02") == "amcat-0002")
        try file.release(slot)
        #expect(try file.read().reservations.isEmpty)
        #expect(try FileSystem.status(path)?.inode == before.inode)
    }

    @Test func `refuses while a living process holds a slot, and takes over from a dead one`() throws {
        let scratch = try ScratchCatalog.ofStockAmanda()
        let path = scratch.path("s3-statefile")
        let file = ChangerStateFile(path, location: scratch.location)
        let holder = Process()
        holder.executableURL = URL(fileURLWithPath: "/usr/bin/sleep")
        holder.arguments = ["60"]
        try holder.run()
        let pid = holder.processIdentifier
        var state = try file.read()
        state.reserve("s3:ambucket/path/slot-03", pid: pid)
        try scratch.write("s3-statefile", state.text.amandaBytes)
        let error = #expect(throws: CatalogError.self) { try file.reserve(slot) }
        #expect(
            error?.description == """
                slot 's3:ambucket/path/slot-03' is held by process \(pid) (sleep), says \(path)
                hint: wait until it has ended.
                """)
        #expect(try file.read() == state)
        // A test process may run with SIGTERM blocked, and its children inherit that.
        kill(pid, SIGKILL)
        holder.waitUntilExit()
        try file.reserve("s3:ambucket/path/slot-03")
        #expect(
            try file.read().pid(of: "s3:ambucket/path/slot-03") == ProcessInfo.processInfo.processIdentifier)
    }

    @Test func `leaves a state file alone that it does not understand`() throws {
        let scratch = try ScratchCatalog()
        try scratch.write("s3-statefile", Array("$STATE = { a => \\$b };\n".utf8))
        let file = ChangerStateFile(scratch.path("s3-statefile"), location: scratch.location)
        #expect(throws: ChangerStateError.self) { try file.reserve(slot) }
        #expect(try scratch.text("s3-statefile") == "$STATE = { a => \\$b };\n")
    }

    @Test func `names the configurations that exist, and the user that does not`() throws {
        let scratch = try ScratchCatalog()
        let root = scratch.location.directory
        try FileSystem.makeDirectories(root + "/vertica")
        try FileSystem.writeAtomically(
            root + "/vertica/amanda.conf", Array("dumpuser \"nobody-here\"\n".utf8))
        try FileSystem.makeDirectories(root + "/lost+found")
        let unknown = #expect(throws: CatalogError.self) {
            try ConfigurationDirectory(root: root, name: "x").load()
        }
        #expect(
            unknown?.description == """
                no Amanda configuration 'x' in \(root)
                hint: make it, restore it, or correct 'configurations' in cluster.json; those that exist: vertica.
                """)
        let missing = #expect(throws: FaultList.self) {
            try ConfigurationDirectory(root: root, name: "vertica").load()
        }
        let headlines = missing?.faults.map(\.headline) ?? []
        #expect(headlines.count == 2)
        #expect(
            headlines.first == "dumpuser 'nobody-here' of configuration 'vertica' does not exist on this node"
        )
        #expect(headlines.last?.contains("\(root)/vertica/disklist") == true)
        #expect(throws: CatalogError.self) { try ConfigurationDirectory(root: root, name: "../etc").load() }
    }
}
