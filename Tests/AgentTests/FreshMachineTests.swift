// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import Files
import Foundation
import TestSupport
import Testing

@testable import Agent

/// What a new machine and its packages bring is not data.
@Suite(.timeLimit(.minutes(5)), .enabled(if: RequiredTools.areUsable("weed", "dpkg-deb", "dpkg")))
struct FreshMachineTests {
    private static let data = [ConfigurationChoice(name: "data", role: .data)]

    private func run(_ arguments: String...) throws {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: try RequiredTools.path(arguments[0]))
        process.arguments = Array(arguments.dropFirst())
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        try process.run()
        process.waitUntilExit()
        #expect(process.terminationStatus == 0, "\(arguments)")
    }

    /// A machine's root with one real package, which has a conffile, another file and a link.
    private func machine(_ state: StateDirectory) throws -> (root: String, packages: PackagedFiles) {
        let (source, root) = (state.path + "/package", state.path + "/root")
        func write(_ path: String, _ text: String) throws {
            try FileSystem.makeDirectories(FileSystem.parentDirectory(of: path), mode: 0o755)
            try FileSystem.writeAtomically(path, Array(text.utf8), mode: 0o644)
        }
        try write("\(source)\(root)/etc/amanda/hosts", "localhost\n")
        try write("\(source)\(root)/etc/amanda/example/amanda.conf", "org \"example\"\n")
        try FileSystem.makeSymbolicLink("\(source)\(root)/etc/amanda/link", to: "hosts")
        try write("\(source)/DEBIAN/conffiles", "\(root)/etc/amanda/hosts\n")
        let sum = try md5("\(source)\(root)/etc/amanda/example/amanda.conf")
        try write("\(source)/DEBIAN/md5sums", "\(sum)  \(root.dropFirst())/etc/amanda/example/amanda.conf\n")
        try write(
            "\(source)/DEBIAN/control",
            "Package: fresh\nVersion: 1\nArchitecture: all\nMaintainer: x <x@example.org>\nDescription: a test\n"
        )
        try run("dpkg-deb", "--build", source, state.path + "/fresh.deb")
        let database = state.path + "/dpkg"
        for folder in ["info", "updates"] {
            try FileSystem.makeDirectories("\(database)/\(folder)", mode: 0o755)
        }
        for file in ["status", "available"] { try FileSystem.writeAtomically("\(database)/\(file)", []) }
        try run(
            "dpkg", "--admindir=\(database)", "--instdir=/", "--force-not-root", "--force-script-chrootless",
            "--log=\(state.path)/log", "--install", state.path + "/fresh.deb")
        return (root, PackagedFiles(database: database))
    }

    private func md5(_ path: String) throws -> String {
        let output = Pipe()
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/md5sum")
        process.arguments = [path]
        process.standardOutput = output
        try process.run()
        process.waitUntilExit()
        return String(decoding: output.fileHandleForReading.readDataToEndOfFile().prefix(32), as: UTF8.self)
    }

    @Test func `what dpkg has installed and nobody has changed is no data`() throws {
        let state = try StateDirectory()
        let (root, packages) = try machine(state)
        func data() throws -> String? {
            var fresh = FreshDirectory(packages: packages)
            return try fresh.data(in: "\(root)/etc/amanda")
        }
        #expect(FileSystem.exists("\(root)/etc/amanda/example/amanda.conf"))
        #expect(try data() == nil)
        try FileSystem.writeAtomically("\(root)/etc/amanda/hosts", Array("changed\n".utf8))
        #expect(try data() == "\(root)/etc/amanda/hosts")
        try FileSystem.writeAtomically("\(root)/etc/amanda/hosts", Array("localhost\n".utf8))
        #expect(try data() == nil)
        try FileSystem.writeAtomically("\(root)/etc/amanda/example/amanda.conf", Array("org \"mine\"\n".utf8))
        #expect(try data() == "\(root)/etc/amanda/example/amanda.conf")
        try FileSystem.writeAtomically(
            "\(root)/etc/amanda/example/amanda.conf", Array("org \"example\"\n".utf8))
        try FileSystem.writeAtomically("\(root)/etc/amanda/mine", [])
        #expect(try data() == "\(root)/etc/amanda/mine")
    }

    @Test func `directories without a file hold nothing, one file anywhere is data`() throws {
        let state = try StateDirectory()
        try FileSystem.makeDirectories("\(state.path)/t/lost+found")
        try FileSystem.makeDirectories("\(state.path)/t/a/b/c")
        let target = RestoreTarget.directory("\(state.path)/t")
        try target.requireFree(overwrite: false, node: "node01")
        try FileSystem.writeAtomically("\(state.path)/t/lost+found/#17", [])
        let error = #expect(throws: WireError.self) {
            try target.requireFree(overwrite: false, node: "node01")
        }
        #expect(error?.message == "'\(state.path)/t' is not empty")
    }

    @Test(.enabled(if: RequiredTools.areUsable("mkfs.ext4", "mount")))
    func `a fresh ext4, and one in its place inside it, take a whole node back`() async throws {
        let node = try await NodeFixture(server: .shared())
        let inner = "\(node.data)/inner"
        try node.configure("data", disks: [node.data, inner], dumptypeLines: ["record yes"])
        try node.write("data/file", "outer")
        try node.write("data/inner/file", "inner")
        var runs: [String] = []
        _ = try await node.backUpNow(&runs)
        for path in [node.data, node.path("etc")] { try FileSystem.removeTree(path) }
        for (index, path) in [node.data, inner].enumerated() {
            let image = node.path("disk-\(index)")
            try run("truncate", "--size=32M", image)
            try run("mkfs.ext4", "-q", image)
            try FileSystem.makeDirectories(path)
            try run("mount", "-o", "loop", image, path)
        }
        defer { for path in [inner, node.data] { try? run("umount", path) } }
        #expect(FileSystem.isDirectory("\(inner)/lost+found"))
        let done = try await node.restore(runs[0])
        #expect(done.state == .succeeded, "\(String(describing: done.error))")
        #expect(try node.read("data/file") == "outer")
        #expect(try node.read("data/inner/file") == "inner")
        #expect(FileSystem.isDirectory("\(inner)/lost+found"))
    }

    @Test func `each refusal's hint names what is written over, and is obeyed`() async throws {
        let node = try await NodeFixture(server: .shared())
        try node.configure("data", disks: [node.data, node.path("other")])
        try node.write("data/file", "data")
        try node.write("other/file", "other")
        var runs: [String] = []
        _ = try await node.backUpNow(&runs)
        try node.write("data/file", "changed")
        try node.write("other/file", "changed")

        func restore(_ change: (inout RestoreOrder) -> Void) async throws -> JobSnapshot {
            var order = RestoreOrder(sourceNode: "node01", configurations: NodeFixture.both.reversed())
            change(&order)
            var request = try node.request(runs[0], .restore(order))
            request.id += "-\(UInt32.random(in: 0...UInt32.max))"
            return try await node.run(request)
        }
        let refused = try await restore { _ in }
        let hints = refused.faults.compactMap(\.hint)
        #expect(hints.count == 3, "\(refused)")
        for (hint, flag) in zip(hints, ["self", "disk \(node.data)", "disk \(node.path("other"))"]) {
            #expect(
                hint
                    == "restore over it with '--overwrite-\(flag)', over everything with '--overwrite', or to another place with '--to DIR'."
            )
        }
        let half = try await restore {
            $0.overwritesSelf = true; $0.overwrittenDisks = [node.data]
        }
        #expect(half.faults.map(\.message) == ["'\(node.path("other"))' is not empty"])
        #expect(try node.read("data/file") == "changed")
        let unknown = try await restore {
            $0.overwritesSelf = true; $0.overwrittenDisks = ["/nowhere"]
        }
        #expect(unknown.error?.message.contains("has no disk '/nowhere'") == true, "\(unknown)")
        let disks = try await restore {
            $0.overwritesSelf = true
            $0.overwrittenDisks = [node.data, node.path("other")]
        }
        #expect(disks.state == .succeeded, "\(String(describing: disks.error))")
        try node.write("data/file", "changed")
        let configuration = try await restore {
            $0.overwritesSelf = true
            $0.overwrittenConfigurations = ["data"]
        }
        #expect(configuration.state == .succeeded, "\(String(describing: configuration.error))")
        #expect(try node.read("data/file") == "data")
    }

    @Test func `a disk that is a link goes back to where the link leads`() async throws {
        let node = try await NodeFixture(server: .shared())
        try node.write("real/file", "data")
        try FileSystem.makeSymbolicLink(node.data, to: node.path("real"))
        var runs: [String] = []
        _ = try await node.backUpNow(&runs)
        try FileSystem.remove(node.path("real/file"))
        let done = try await node.restore(runs[0], configurations: Self.data)
        #expect(done.state == .succeeded, "\(String(describing: done.error))")
        #expect(try node.read("real/file") == "data")
        #expect(FileSystem.symbolicLinkTarget(node.data) == node.path("real"))
    }
}
