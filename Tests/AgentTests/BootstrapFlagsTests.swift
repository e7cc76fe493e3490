// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import AmandaFormat
import Files
import FoundationEssentials
import Sealing
import Secret
import Synchronization
import Testing

@testable import Agent

/// What `amfleetd bootstrap` takes from its command line and from a kit.
@Suite struct BootstrapFlagsTests {
    private func kit(_ state: StateDirectory, passphrase: String? = nil) throws -> String {
        let key = try RecoveryKey.create(cluster: "demo")
        let secret = passphrase.map { Secret($0) }
        let kit = RecoveryKit(
            cluster: "demo", clusterID: nil,
            storage: StorageAddress(
                bucket: "b", prefix: "p/q", region: "eu-central-1", endpoint: "https://store.example",
                addressing: .path),
            authorities: [String(repeating: "a", count: 64)],
            date: Date(timeIntervalSince1970: 1_796_000_000),
            certificatePEM: try #require(key.certificate?.pem), keyPEM: try key.pem(passphrase: secret))
        let path = "\(state.path)/kit.txt"
        try FileSystem.writeAtomically(path, Array(kit.text.plaintext.utf8))
        return path
    }

    @Test func `a kit says where everything lies, and flags come before it`() throws {
        let state = try StateDirectory()
        var flags = BootstrapFlags(node: "node01")
        flags.recoveryKeyFile = try kit(state)
        let order = try flags.order()
        #expect(
            order.storage
                == StorageAddress(
                    bucket: "b", prefix: "p/q", region: "eu-central-1", endpoint: "https://store.example",
                    addressing: .path))
        #expect(order.recoveryKey != nil && order.kit?.cluster == "demo")
        flags.place = "s3://b/other/"
        flags.region = "us-west-2"
        #expect(try flags.order().storage.prefix == "other")
        #expect(try flags.order().storage.region == "us-west-2")
        // A kit's store is that of its own bucket.
        flags.place = "s3://c"
        #expect(try flags.order().storage == StorageAddress(bucket: "c", prefix: "", region: "us-west-2"))
    }

    @Test func `a passphrase comes from the first line of its file`() throws {
        let state = try StateDirectory()
        var flags = BootstrapFlags(node: "node01")
        flags.recoveryKeyFile = try kit(state, passphrase: "open sesame")
        flags.passphraseFile = "\(state.path)/passphrase"
        try FileSystem.writeAtomically("\(state.path)/passphrase", Array("open sesame\r\nmore\n".utf8))
        #expect(try flags.order().recoveryKey != nil)
        // As an editor of another system begins it.
        try FileSystem.writeAtomically("\(state.path)/passphrase", Array("\u{FEFF}open sesame\r\n".utf8))
        #expect(try flags.order().recoveryKey != nil)
        try FileSystem.writeAtomically("\(state.path)/passphrase", Array("wrong\n".utf8))
        #expect(throws: SealingError.self) { try flags.order() }
    }

    @Test func `a wrong passphrase may be typed again, and nobody is no passphrase`() throws {
        let state = try StateDirectory()
        var flags = BootstrapFlags(node: "node01")
        flags.recoveryKeyFile = try kit(state, passphrase: "open sesame")
        let typed = Mutex(["wrong", "", "open sesame"])
        flags.ask = { _ in typed.withLock { $0.isEmpty ? nil : Array($0.removeFirst().utf8) } }
        #expect(throws: SealingError.unusablePassphrase(reason: "it is empty")) { try flags.order() }
        typed.withLock { $0 = ["wrong", "worse", "open sesame"] }
        #expect(try flags.order().recoveryKey != nil)
        typed.withLock { $0 = ["a", "b", "c", "open sesame"] }
        #expect(throws: SealingError.self) { try flags.order() }
        typed.withLock { $0 = [] }
        #expect(throws: SealingError.passphraseNeeded(source: "'\(flags.recoveryKeyFile ?? "")'")) {
            try flags.order()
        }
    }

    @Test(arguments: [
        ("20261130020000", "20261130020000"), ("2026-11-30 02:00", "20261130020059"),
        ("2026-11-30T02:00:07", "20261130020007"), ("2026-11-30", "20261130235959"),
    ])
    func `a time is the last second of what it says`(text: String, datestamp: String) throws {
        #expect(try BootstrapFlags.datestamp(text).description == datestamp)
    }

    @Test(arguments: [
        "", "yesterday", "2026-13-01", "2026-11-30 2", "2026", "2026-11-30 02:00 UTC", "2026-11-30T02:00-05",
        "2026-11-30T02:00:00Z",
    ])
    func `what is no time is refused`(text: String) {
        #expect(throws: WireError.self) { try BootstrapFlags.datestamp(text) }
    }

    @Test(arguments: ["b/p", "s3:b/p", "s3://", "s3:///p", "s3://b//p", "s3://b/p\tq", "s3://b/\u{1B}[2J"])
    func `what is no place in a store is refused`(place: String) {
        var flags = BootstrapFlags(node: "node01")
        flags.place = place
        #expect(throws: WireError.self) { try flags.order() }
    }

    @Test func `why no self-backup is found is told as it is`() {
        var order = BootstrapOrder(node: "node01", storage: .init(bucket: "b", prefix: "p", region: "r"))
        func fault(_ faults: [String] = []) -> WireError {
            SelfBackupFinder.noSelfBackup(order, among: ["data", "self"], faults)
        }
        #expect(fault().hint?.contains("--amanda-directory") == true)
        // A label that is gone, not the directory, is in the way.
        let unlabelled = "s3:b/p/node01/self/slot-01: files lie there without a label"
        let lost = fault([unlabelled] + (1...6).map { "slot \($0)" })
        #expect(lost.kind == .damaged && lost.message.contains("\(unlabelled); slot 1"))
        #expect(lost.message.hasSuffix("; and 2 more") && lost.hint?.contains("Last resort") == true)
        order.configuration = "slef"
        #expect(fault().message.contains("of configuration 'slef'") && fault().message.contains("data, self"))
        #expect(fault().hint?.contains("--configuration") == true)
    }

    @Test func `nothing that says where, and no name of a node, are refused`() {
        #expect(throws: WireError.self) { try BootstrapFlags(node: "node01").order() }
        var flags = BootstrapFlags(node: "../x")
        flags.place = "s3://b/p"
        #expect(throws: WireError.self) { try flags.order() }
    }
}
