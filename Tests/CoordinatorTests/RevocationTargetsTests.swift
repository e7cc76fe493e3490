// SPDX-License-Identifier: Apache-2.0

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
