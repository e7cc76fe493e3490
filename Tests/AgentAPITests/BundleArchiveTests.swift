// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

@testable import AgentAPI

@Suite struct BundleArchiveTests {
    let fixture: SealedFixture

    init() throws {
        fixture = try SealedFixture()
    }

    /// What goes beyond the fields of a header: a path of 300 bytes, one of exactly 100, an owner's name, and numbers.
    static let awkward = [
        SealedFixture.file("/" + String(repeating: "long/", count: 60) + "key", [1, 2, 3]),
        SealedFixture.file("/" + String(repeating: "n", count: 100), [UInt8](repeating: 7, count: 512)),
        SealedFixture.file("/" + String(repeating: "n", count: 101), [UInt8](repeating: 8, count: 513)),
        SealedFixture.file("/ä/\u{1F511} key", Array("ü".utf8)),
        SealedFixture.file("/big", [], user: String(repeating: "u", count: 40), userID: 3_000_000),
        SealedFixture.file("/-rf *", [UInt8](repeating: 0, count: 1_024), mode: 0),
    ]

    @Test func `comes back, whatever its names are`() throws {
        let bundle = try SealedFixture.bundle(Self.awkward)
        #expect(try BundleArchive.read(BundleArchive.bytes(of: bundle)) == bundle)
        let empty = try SealedFixture.bundle([])
        #expect(try BundleArchive.read(BundleArchive.bytes(of: empty)) == empty)
    }

    @Test func `tar lists and unpacks it, with owner and mode`() throws {
        let bundle = try SealedFixture.bundle(Self.awkward)
        try fixture.write("files.tar", BundleArchive.bytes(of: bundle))
        let told = try fixture.shell(
            "tar --numeric-owner -tvf files.tar && mkdir out && tar -xpf files.tar -C out 2>&1")
        #expect(told.status == 0, "\(told.text)")
        #expect(told.text.contains("-rw------- 0/0") && told.text.contains("3000000/6"))
        for file in Self.awkward {
            #expect(try fixture.bytes("out" + file.path) == file.content, "\(file.path)")
        }
        let status = try fixture.shell("stat -c '%a %u:%g' out/big 'out/-rf *'").text
        #expect(getuid() != 0 || status == "600 3000000:6\n0 34:6\n")
        let manifest = try WireJSON.read(
            SealedManifest.self, from: fixture.bytes("out/amfleet.json"), what: "amfleet.json")
        #expect(manifest == bundle.manifest)
    }

    /// tar fills its record; ours ends after two blocks of zeros.
    private static func withoutTrailingRecord(_ archive: [UInt8]) -> [UInt8] {
        var end = archive.count
        while end >= 512, archive[end - 512..<end].allSatisfy({ $0 == 0 }) { end -= 512 }
        return archive[..<end] + [UInt8](repeating: 0, count: 1_024)
    }

    @Test func `refuses every flipped bit of a header, every cut and every appendage`() throws {
        let bundle = try SealedFixture.bundle([Self.awkward[0], SealedFixture.file("/a")])
        let archive = try BundleArchive.bytes(of: bundle)
        for index in archive.indices {
            var damaged = archive
            damaged[index] ^= 1
            guard let read = try? BundleArchive.read(damaged) else { continue }
            // Contents, and the manifest's own words, are the signature's business. Only their bytes may differ.
            #expect(read != bundle || index > 0, "byte \(index)")
            #expect(read.files.map(\.path) == bundle.files.map(\.path) || index < 4_096, "byte \(index)")
        }
        for count in stride(from: 0, to: archive.count, by: 61) {
            #expect(throws: (any Error).self) { _ = try BundleArchive.read(Array(archive[..<count])) }
        }
        #expect(throws: (any Error).self) { _ = try BundleArchive.read(archive + [0]) }
        #expect(throws: (any Error).self) {
            _ = try BundleArchive.read(archive + [UInt8](repeating: 0, count: 512))
        }
        #expect(throws: (any Error).self) { _ = try BundleArchive.read(archive + archive) }
    }

    /// What tar would follow out of the directory, or not bring back as a file.
    @Test(arguments: [
        "ln -s /etc/passwd a", "mkdir a", "mkfifo a", "echo x >b && ln b a",
        "truncate -s 1M a && echo x >>a", "mkdir d && echo x >d/a",
    ])
    func `refuses links, directories, pipes, holes and other names`(make: String) throws {
        let bundle = try SealedFixture.bundle([
            SealedFixture.file("/a", Array("x\n".utf8), mode: 0o644, user: "root", userID: 0)
        ])
        try fixture.write("amfleet.json", WireJSON.document(bundle.manifest))
        for format in ["ustar", "pax --sparse", "gnu --sparse"] {
            let told = try fixture.shell(
                """
                rm -rf a b d; \(make) && tar --format=\(format) -cf hostile.tar --owner=root:0 --group=disk:6 \
                amfleet.json $(ls -d b d/a a 2>/dev/null | sort -r)
                """)
            #expect(told.status == 0, "\(told.text)")
            #expect(throws: SealedBundleError.self) {
                _ = try BundleArchive.read(Self.withoutTrailingRecord(fixture.bytes("hostile.tar")))
            }
        }
    }

    @Test func `refuses what the manifest does not say, and a manifest that says too much`() throws {
        let files = [SealedFixture.file("/a"), SealedFixture.file("/b")]
        let bundle = try SealedFixture.bundle(files)
        func archive(_ change: (inout SealedManifest) -> Void, files: [SealedFile]) throws -> [UInt8] {
            var manifest = bundle.manifest
            change(&manifest)
            // The manifest of one, the files of another.
            let whole = try BundleArchive.bytes(of: SealedFixture.bundle(files))
            let text = try WireJSON.document(manifest)
            let head = try BundleArchive.bytes(of: SealedBundle(manifest: manifest, files: []))
            let start = 512 + (text.count + 511) / 512 * 512
            let skipped =
                try 512 + (WireJSON.document(SealedFixture.bundle(files).manifest).count + 511) / 512 * 512
            return Array(head[..<start]) + whole[skipped...]
        }
        #expect(try BundleArchive.read(archive({ _ in }, files: files)) == bundle)
        for change: (inout SealedManifest) -> Void in [
            { $0.files.removeLast() }, { $0.files.swapAt(0, 1) }, { $0.files[0].mode = 0o644 },
            { $0.files[0].userID = 0 }, { $0.files[0].user = "root" }, { $0.files[0].byteCount += 1 },
            { $0.files[0].path = "/etc/passwd" }, { $0.files[0].path = "/../a" },
            { $0.files.append($0.files[0]) }, { $0.fingerprintKey = "" },
        ] {
            #expect(throws: SealedBundleError.self) {
                _ = try BundleArchive.read(archive(change, files: files))
            }
        }
        #expect(throws: SealedBundleError.damaged(reason: "it does not say that 'b' is in it")) {
            _ = try BundleArchive.read(archive({ $0.files.removeLast() }, files: files))
        }
    }

    @Test(.long) func `noise is no archive, and ends nothing`() throws {
        let archive = try BundleArchive.bytes(of: SealedFixture.bundle(Self.awkward))
        var generator = SeededGenerator(seed: 77)
        for _ in 0..<3_000 {
            var noise = archive
            for _ in 0..<Int.random(in: 1...6, using: &generator) {
                let index = Int.random(in: 0..<noise.count, using: &generator)
                noise[index] = UInt8.random(in: 0...255, using: &generator)
            }
            // Sums that fit, so that what stands behind them is reached.
            for start in stride(from: 0, to: noise.count - 511, by: 512)
            where noise[start + 257..<start + 262].elementsEqual("ustar".utf8) {
                let sum = String(BundleArchive.checksum(of: noise[start..<start + 512]), radix: 8)
                let digits = Array((String(repeating: "0", count: 6 - sum.count) + sum).utf8) + [0, 32]
                noise.replaceSubrange(start + 148..<start + 156, with: digits)
            }
            _ = try? BundleArchive.read(noise)
        }
    }
}
