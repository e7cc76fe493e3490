// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import Certificates
import Files
import Foundation
import TestSupport
import Testing

@testable import Coordinator

/// Which certificates a name means, on real files of a cluster.
@Suite struct RevocationTargetsTests {
    private let directory: TemporaryDirectory
    private let file: ClusterFile
    private let now = Int64(Date().timeIntervalSince1970)

    init() throws {
        directory = try TemporaryDirectory()
        _ = try ClusterFounding(Sample.cluster([]), directory: directory.path).found()
        var roster = NodeRoster(try ClusterFile.load(directory.path("cluster.json")))
        _ = try roster.add("node01", "127.0.0.1:7443")
        _ = try roster.add("node02", "127.0.0.1:7444")
        _ = try ObserverRoster(roster.file).add("grafana")
        file = roster.file
    }

    @Test func `what a node says that it has is asked for once`() throws {
        let keeper = try RevocationKeeper(file)
        let gone = RevocationNumbers([String(repeating: "a", count: 64): 3])
        let newer = RevocationNumbers([String(repeating: "a", count: 64): 4])
        #expect(keeper.numbers.isBehind(gone))
        #expect(keeper.begins(fetching: gone, from: "node01"))
        #expect(!keeper.begins(fetching: gone, from: "node01"))
        #expect(keeper.begins(fetching: gone, from: "node02"))
        #expect(keeper.begins(fetching: newer, from: "node01"))
    }

    @Test func `a node, an observer and a serial`() throws {
        let serial = try serial("nodes/node01/node01.pem")
        let node = try targets("node01")
        #expect(node.certificates == [.init(serial: serial, name: "spiffe://demo/node/node01")])
        #expect(node.node == "node01")
        let observer = try targets("grafana")
        #expect(observer.certificates.map(\.name) == ["spiffe://demo/observer (observer grafana)"])
        #expect(observer.node == nil)
        #expect(try targets("serial=\(serial.uppercased())").certificates == node.certificates)
        #expect(
            try targets("4f00112233445566").certificates == [.init(serial: "4f00112233445566", name: nil)])
    }

    @Test func `every certificate that a node ever had, also from before they were written down`() throws {
        try FileSystem.remove(file.ledgerPath)
        try FileSystem.rename(directory.path("nodes/node01"), to: directory.path("nodes/node01.old"))
        var roster = NodeRoster(file)
        try roster.remove("node01")
        _ = try roster.add("node01", "127.0.0.1:7443")
        let serials = Set(try targets("node01").certificates.map(\.serial))
        #expect(
            serials == [
                try serial("nodes/node01.old/node01.pem"), try serial("nodes/node01/node01.pem"),
            ])
    }

    @Test func `the coordinator's own certificate is not taken away under it`() throws {
        let own = try serial("coordinator.pem")
        #expect(throws: CoordinatorError.revokesItself(serial: own)) { try targets("coordinator") }
        #expect(throws: CoordinatorError.revokesItself(serial: own)) { try targets(own) }
        let other = try file.authority().issue(.coordinator)
        let serial = try CertificateFacts(pem: other.certificatePEM).serial
        #expect(try targets("coordinator").certificates.map(\.serial) == [serial])
    }

    @Test func `the authority is on no list of its own`() throws {
        let authority = try serial("ca.pem")
        #expect(throws: CoordinatorError.revokesAuthority(serial: authority)) {
            try RevocationTargets(
                authority, among: file.issuedCertificates(), revoked: RevocationLists(),
                own: serial("coordinator.pem"), authorities: [authority], now: now)
        }
    }

    @Test func `a serial that nobody knows is told as such`() {
        var report = RevokeReport(who: "4f00112233445566")
        report.revoked = [.init(serial: "4f00112233445566")]
        #expect(report.lines.contains { $0.contains("of which no certificate is known here") })
    }

    /// The old authority's list is believed by nobody once that is gone.
    @Test func `what was revoked stays so when the authority changes, and before its end`() throws {
        let revoked = try serial("nodes/node01/node01.pem")
        let signers = try RevocationSigners(file, key: nil)
        try RevocationKeeper(file).change { old in
            try signers.sign([revoked], besides: old, ends: [:], now: now)
        }
        let renewal = AuthorityRenewal(file: file)
        let rollOver = try renewal.begin(authorityKey: nil)
        let new = try CertificateFacts(pem: rollOver.authority.certificatePEM)
        // A node that believes the new one alone.
        let alone = try RevocationLists(
            pem: RevocationKeeper(file).lists.pem, authorities: rollOver.authority.certificatePEM)
        #expect(alone.isRevoked(revoked) && alone.lists.map(\.authority) == [new.keyFingerprint])
        let numbers = try RevocationKeeper(file).lists.numbers
        _ = try renewal.begin(authorityKey: nil)
        #expect(try RevocationKeeper(file).lists.numbers == numbers)
        try renewal.goOver(rollOver)
        _ = try renewal.end(rollOver)
        #expect(try RevocationKeeper(file).lists.isRevoked(revoked))
        let later = try RevocationSigners(file, key: nil)
        try RevocationKeeper(file).change { old in
            try later.sign(["4f00112233445566"], besides: old, ends: [:], now: now)
        }
        #expect(try RevocationKeeper(file).lists.isRevoked(revoked))
    }

    /// Both know the same list, and neither knows of the other.
    @Test func `two commands of one machine that revoke at once lose nothing of each other's`() throws {
        let signers = try RevocationSigners(file, key: nil)
        let (one, other) = (try RevocationKeeper(file), try RevocationKeeper(file))
        for (keeper, serial) in [(one, "4f00112233445566"), (other, "4f00112233445577")] {
            try keeper.change { old in try signers.sign([serial], besides: old, ends: [:], now: now) }
        }
        #expect(try RevocationKeeper(file).lists.entries.count == 2)
        #expect(other.lists.lists.map(\.number) == [2])
    }

    @Test func `a name that nobody has is refused with the nearest`() throws {
        #expect(throws: CoordinatorError.nothingToRevoke("nod01", nearest: "node01")) { try targets("nod01") }
    }

    @Test func `what is revoked already is told, and the list grows and never forgets`() throws {
        let signers = try RevocationSigners(file, key: nil)
        let first = try signers.sign(
            try targets("node01").certificates.map(\.serial), besides: RevocationLists(), ends: [:], now: now)
        #expect(try targets("node01", first).certificates.isEmpty)
        #expect(try targets("node01", first).before == [try serial("nodes/node01/node01.pem")])
        let second = try signers.sign(["4f00112233445566"], besides: first, ends: [:], now: now)
        #expect(second.entries.count == 2)
        #expect(second.lists.map(\.number) == [2])
        let ends = ["4f00112233445566": now - 1]
        #expect(try signers.sign([], besides: second, ends: ends, now: now).entries.count == 1)
    }

    @Test func `an observer's folder is as private as a node's, and its name is nobody else's`() throws {
        let folder = directory.path("observers/grafana")
        #expect(try FileSystem.list(folder) == ["ca.pem", "grafana.key", "grafana.pem"])
        #expect(try FileSystem.status("\(folder)/grafana.key")?.mode == 0o600)
        let facts = try CertificateFacts(contentsOf: "\(folder)/grafana.pem")
        #expect(facts.subject == "O = demo, CN = observer grafana")
        #expect(facts.uris == ["spiffe://demo/observer"])
        #expect(throws: CoordinatorError.alreadyThere(path: folder)) {
            try ObserverRoster(file).add("grafana")
        }
        for name in ["node01", "coordinator", "Grafana", "../x", String(repeating: "a", count: 63)] {
            #expect(throws: (any Error).self) { try ObserverRoster(file).add(name) }
            #expect(!FileSystem.exists(directory.path("observers/\(name)")) || name == "../x")
        }
    }

    @Test func `an observer's name is no node's`() throws {
        var roster = NodeRoster(file)
        let error = #expect(throws: CoordinatorError.self) { try roster.add("grafana", "127.0.0.1:7999") }
        #expect(error?.facts.contains("is 'grafana', which is an observer's") == true)
        #expect(!FileSystem.exists(directory.path("nodes/grafana")))
    }

    @Test func `nothing is issued that cannot be written down`() throws {
        try FileSystem.remove(file.ledgerPath)
        try FileSystem.makeDirectories(file.ledgerPath)
        #expect(throws: CertificateError.self) { try ObserverRoster(file).add("other") }
    }

    private func targets(
        _ who: String, _ revoked: RevocationLists = RevocationLists()
    ) throws -> RevocationTargets {
        try RevocationTargets(
            who, among: file.issuedCertificates(), revoked: revoked, own: serial("coordinator.pem"), now: now)
    }

    private func serial(_ path: String) throws -> String {
        try CertificateFacts(contentsOf: directory.path(path)).serial
    }
}
