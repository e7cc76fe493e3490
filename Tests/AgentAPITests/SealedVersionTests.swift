// SPDX-License-Identifier: Apache-2.0

import AmandaFormat
import Foundation
import Testing

@testable import AgentAPI

@Suite struct SealedVersionTests {
    private static func run(_ day: Int) throws -> RunName {
        try #require(RunName("202611\(day < 10 ? "0" : "")\(day)020000"))
    }

    private func version(_ day: Int, _ number: Int = 1) throws -> SealedVersion {
        SealedVersion(run: try Self.run(day), number: number)
    }

    @Test func `the first keeps its plain name, and later ones of a run are numbered`() throws {
        #expect(try version(3).fileName == "secrets-20261103020000.cms")
        #expect(try version(3, 2).fileName == "secrets-20261103020000.2.cms")
        for found in [try version(3), try version(3, 2), try version(3, 99)] {
            #expect(SealedVersion(fileName: found.fileName) == found)
            let read = try WireJSON.read(
                [String: SealedVersion].self, from: WireJSON.line(["version": found]), what: "x")
            #expect(read == ["version": found])
        }
        #expect(try version(3, 10) > version(3, 9) && version(4) > version(3, 99))
    }

    @Test(arguments: [
        "secrets-20261103020000.1.cms", "secrets-20261103020000.02.cms", "secrets-20261103020000.100.cms",
        "secrets-20261103020000..cms", "secrets-20261103020000.2.3.cms", "secrets-20261103020000.-2.cms",
        "secrets-2026.cms", "secrets-.cms", "restored.json", "secrets-20261103020000.2.cms.part",
    ]) func `what else lies there is no version`(name: String) {
        #expect(SealedVersion(fileName: name) == nil)
    }

    @Test func `another node's is none of this node's`() throws {
        let layout = BucketLayout(prefix: "demo")
        let key = layout.nodeSecrets("node01", try version(3, 2))
        #expect(SealedVersion(key: key, in: layout.nodeFolder("node01")) == (try version(3, 2)))
        #expect(SealedVersion(key: key, in: layout.nodeFolder("node02")) == nil)
        #expect(SealedVersion(key: key, in: layout.nodes) == nil)
    }

    @Test func `what the record names is tried first, then the newest of then, then the others`() throws {
        let listed = try [version(1), version(9), version(3, 2), version(3), version(5)]
        func order(_ recorded: SealedVersion?) throws -> [SealedVersion] {
            var search = SealedSearch(for: try Self.run(4), recorded: recorded, listed: listed)
            var found: [SealedVersion] = []
            while let next = search.next() { found.append(next) }
            return found
        }
        #expect(try order(nil) == [version(3, 2), version(3), version(1), version(9)])
        #expect(try order(version(3)) == [version(3), version(3, 2), version(1), version(9)])
        // Named by its record, and listed by nobody.
        #expect(try order(version(2)).first == version(2))
        #expect(try order(nil).count == SealedSearch.limit)
    }

    @Test func `it says what became of those before the one that is taken`() throws {
        var search = SealedSearch(
            for: try Self.run(4), recorded: try version(4), listed: [try version(3), try version(5)])
        let next = search.next()
        let first = try #require(next)
        #expect(search.remark(on: first) == nil)
        search.refuse(first, nil)
        #expect(
            try search.remark(on: version(3))
                == "its secrets are those of 20261103020000: those of 20261104020000 are not there")
        #expect(search.fault == nil && search.first == first)
        search.refuse(try version(3), WireError(.damaged, "broken"))
        #expect(search.fault?.message == "broken")
        let none = SealedSearch(for: try Self.run(4), recorded: nil, listed: [try version(5)])
        #expect(try none.remark(on: version(5))?.contains("no older version is there") == true)
        // What a later `retry` of an older run has sealed.
        let later = SealedSearch(for: try Self.run(4), recorded: try version(5), listed: [])
        #expect(try later.remark(on: version(5)) == nil)
    }
}

/// Which keys a dump is decrypted with.
@Suite struct SecretsOrderTests {
    private func bundle(
        _ version: String, _ files: [SealedFile], since: String? = nil
    ) throws -> (SealedBundle, SealedVersion) {
        let version = try #require(SealedVersion(text: version))
        let bundle = try SealedBundle(
            cluster: "demo", clusterID: nil, owner: .node("node01"), run: version.run, number: version.number,
            keysSince: since.flatMap { SealedVersion(text: $0) },
            sealedAt: Date(timeIntervalSince1970: 1_780_000_000), files: files)
        return (bundle, version)
    }

    private func pass(_ text: String) -> SealedFile {
        SealedFixture.file("/var/backups/.am_passphrase", Array(text.utf8))
    }

    private func keys(
        _ order: SecretsOrder, _ run: String, _ recorded: String? = nil
    ) throws -> [String] {
        let run = try #require(RunName(run))
        return order.keys(of: run, recorded: recorded.flatMap { SealedVersion(text: $0) })
            .map { String(decoding: $0.content, as: UTF8.self) }
    }

    private func order() throws -> SecretsOrder {
        let (own, version) = try bundle("20261105020000", [pass("five")])
        var order = SecretsOrder(own, version: version)
        for (version, text) in [
            ("20261103020000", "three"), ("20261103020000.2", "three.two"), ("20261107020000", "seven"),
        ] {
            let (other, version) = try bundle(version, [pass(text)])
            let isThere = order.add(other, version: version)
            #expect(isThere)
        }
        return order
    }

    @Test func `the newest of then, or what the record names`() throws {
        let order = try order()
        #expect(order.isDivided)
        #expect(try keys(order, "20261105020000") == ["five"])
        #expect(try keys(order, "20261106020000") == ["five"])
        #expect(try keys(order, "20261104020000") == ["three.two"])
        #expect(try keys(order, "20261103020000", "20261103020000") == ["three"])
        #expect(try keys(order, "20261103020000", "20261103020000.2") == ["three.two"])
        // `retry` of an old run seals nothing anew where it finds what a newer run has sealed.
        #expect(try keys(order, "20261104020000", "20261107020000") == ["seven"])
        #expect(try keys(order, "20261101020000") == ["five"])
    }

    @Test func `a version stands for older ones with the same keys, which are gone`() throws {
        let (own, version) = try bundle("20261109020000", [pass("new")], since: "20261104020000")
        var order = SecretsOrder(own, version: version)
        let (old, older) = try bundle("20261101020000", [pass("old")])
        let isThere = order.add(old, version: older)
        #expect(isThere)
        #expect(try keys(order, "20261103020000") == ["old"])
        #expect(try keys(order, "20261105020000") == ["new"])
        #expect(try keys(order, "20261105020000", "20261106020000") == ["new"])
    }

    @Test func `keys that only another version has come too, and of each path the newest`() throws {
        let (own, version) = try bundle("20261105020000", [pass("five")])
        var order = SecretsOrder(own, version: version)
        for day in ["01", "03"] {
            let files = [
                pass("five"), SealedFixture.file("/var/backups/gone", Array(day.utf8)),
                SealedFixture.file("/etc/amfleet/credentials", Array(day.utf8), kind: .credentials),
            ]
            let (other, version) = try bundle("202611\(day)020000", files)
            let isThere = order.add(other, version: version)
            #expect(isThere)
        }
        #expect(order.allFiles.map { String(decoding: $0.content, as: UTF8.self) } == ["five", "03"])
        // Each dump sees those of its time, and what has not changed.
        #expect(try keys(order, "20261102020000").sorted() == ["01", "five"])
    }

    @Test func `there is room for so many, and what an older coordinator sends is used as it is`() throws {
        var order = try order()
        for index in 0..<40 {
            let (other, version) = try bundle(
                "202610\(10 + index % 20)0\(index / 20)0000", [pass("\(index)")])
            let isThere = order.add(other, version: version)
            #expect(isThere == (index < SecretsOrder.otherLimit - 3), "\(index)")
        }
        let (large, version) = try bundle("20261001020000", [pass(String(repeating: "x", count: 3 << 20))])
        var small = SecretsOrder(files: [pass("own")])
        let isThere = small.add(large, version: version)
        #expect(!isThere)
        #expect(try keys(small, "20261101020000") == ["own"] && !small.isDivided)
    }
}
