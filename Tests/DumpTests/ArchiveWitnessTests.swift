// SPDX-License-Identifier: Apache-2.0

import Digest
import Files
import Foundation
import TestSupport
import Testing

@testable import Dump

/// What an archive holds, seen while GNU tar writes it.
@Suite struct ArchiveWitnessTests {
    private let directory: TemporaryDirectory
    private var source: String { directory.path("source") }

    init() throws {
        directory = try TemporaryDirectory("archive-witness")
        try FileSystem.makeDirectories(source)
    }

    private func archive(_ script: String) throws -> [UInt8] {
        try shell(script, in: source)
        return try FileSystem.readAll("\(source)/archive.tar")
    }

    private func seen(
        _ archive: [UInt8], _ interest: ArchiveInterest, pieces: Int = 65_536
    ) -> ArchiveFindings {
        let witness = ArchiveWitness(interest)
        for start in stride(from: 0, to: archive.count, by: pieces) {
            archive[start..<min(start + pieces, archive.count)].withUnsafeBytes { witness.take($0) }
        }
        return witness.findings
    }

    private static let long = String(repeating: "n", count: 180)

    @Test(arguments: ["gnu", "oldgnu", "posix"], [1, 511, 513, 1 << 20])
    func `files are digested as a restore would make them`(format: String, pieces: Int) throws {
        let bytes = try archive(
            """
            mkdir -p tree/sub; cd tree
            seq 1000 >plain; : >empty; echo long >sub/\(Self.long); ln -s ../plain sub/link; ln plain sub/hard
            truncate -s 1M sparse; echo middle | dd of=sparse bs=1 seek=300000 conv=notrunc status=none; truncate -s 2M sparse
            truncate -s 1M holes
            for n in $(seq 0 99); do echo $n | dd of=many bs=1 seek=$((n * 20000)) conv=notrunc status=none; done
            echo x >other
            tar --format=\(format) -S -cf ../archive.tar .
            """)
        let names = [
            "plain", "empty", "sub/\(Self.long)", "sub/link", "sub/hard", "sparse", "holes", "many", "sub",
        ]
        let found = seen(
            bytes,
            ArchiveInterest(
                members: Set((names + ["absent"]).map { Array($0.utf8) }), linkedByteCounts: [3893]),
            pieces: pieces)
        #expect(found.fault == nil)
        #expect(Set(found.members.keys) == Set(names.map { Array($0.utf8) }))
        for name in names where !["sub", "sub/link"].contains(name) {
            let file = try FileSystem.readAll("\(source)/tree/\(name)")
            #expect(
                found.members[Array(name.utf8)]
                    == .file(byteCount: Int64(file.count), digest: SHA256.digest(file)), "\(name)")
        }
        #expect(found.members[Array("sub".utf8)] == .directory)
        #expect(found.members[Array("sub/link".utf8)] == .symbolicLink(target: Array("../plain".utf8)))
    }

    @Test(arguments: ["first", "second"])
    func `a file with two names has the digest under either`(name: String) throws {
        let bytes = try archive("echo same >first; ln first second; tar -cf archive.tar first second")
        let member = Array(name.utf8)
        let digest = SHA256.digest(Array("same\n".utf8))
        let found = seen(bytes, ArchiveInterest(members: [member], linkedByteCounts: [5]))
        #expect(found.members == [member: .file(byteCount: 5, digest: digest)])
        let torn = try archive("tar --delete -f archive.tar first; true")
        #expect(
            seen(torn, ArchiveInterest(members: [Array("second".utf8)], linkedByteCounts: [5])).members
                .isEmpty)
    }

    @Test func `the files of a tree are known by name and length`() throws {
        let bytes = try archive(
            """
            mkdir -p tree/logs/old tree/index; cd tree
            echo one >logs/log.1.0; echo x >logs/amdump; echo old >logs/old/log.2.0; echo i >index/a
            tar -cf ../archive.tar .
            """)
        let found = seen(
            bytes,
            ArchiveInterest(trees: [
                .init(path: Array("logs".utf8), namePrefix: Array("log.".utf8)),
                .init(path: Array("index".utf8)),
            ]))
        func holds(_ path: String, _ byteCount: Int64) -> Bool {
            found.holds(Array(path.utf8), byteCount: byteCount)
        }
        #expect(holds("logs/log.1.0", 4) && holds("index/a", 2))
        #expect(!holds("logs/log.1.0", 5) && !holds("index/b", 2))
        #expect(!holds("logs/amdump", 2) && !holds("logs/old/log.2.0", 4))
    }

    @Test func `a file that is too long for a digest is known by its length`() throws {
        let bytes = try archive("truncate -s 9M big; tar -cf archive.tar big")
        let found = seen(bytes, ArchiveInterest(members: [Array("big".utf8)]))
        #expect(found.members[Array("big".utf8)] == .file(byteCount: 9 << 20, digest: nil))
    }

    @Test func `an archive that cannot be read is a fault, and nothing after it counts`() throws {
        var bytes = try archive("echo a >a; echo b >b; tar -cf archive.tar a b")
        bytes[1_030] ^= 1
        let found = seen(bytes, ArchiveInterest(members: [Array("a".utf8), Array("b".utf8)]), pieces: 100)
        #expect(found.fault != nil)
        #expect(Set(found.members.keys) == [Array("a".utf8)])
    }

    /// Whatever the bytes are, it ends without a trap.
    @Test func `bytes of any kind end in a fault or in nothing`() throws {
        let scripts = ["gnu", "posix"].map { format in
            """
            rm -rf t; mkdir -p t/s; echo x >t/s/f; truncate -s 1M t/sparse; echo x >>t/sparse
            tar --format=\(format) -S -cf archive.tar t
            """
        }
        var generator = SeededGenerator(seed: 3)
        for script in scripts {
            let whole = try archive(script)
            let names = ["t/s/f", "t/sparse"].map { Array($0.utf8) }
            for _ in 0..<1_000 {
                var bytes = whole
                for _ in 0..<4 {
                    // Headers have checksums: only what is behind them gets far.
                    let block = 512 * Int.random(in: 0..<(bytes.count / 512), using: &generator)
                    bytes[block + Int.random(in: 0..<512, using: &generator)] = .random(
                        in: 0...255, using: &generator)
                    if Bool.random(using: &generator) { Self.sign(&bytes, at: block) }
                }
                _ = seen(
                    bytes,
                    ArchiveInterest(members: Set(names), trees: [.init(path: [])], linkedByteCounts: [2]))
            }
        }
    }

    private static func sign(_ bytes: inout [UInt8], at block: Int) {
        for index in 148..<156 { bytes[block + index] = 32 }
        let sum = bytes[block..<(block + 512)].reduce(0) { $0 + Int($1) }
        let digits = String(sum, radix: 8)
        let text = String(repeating: "0", count: max(0, 6 - digits.count)) + digits + "\0 "
        bytes.replaceSubrange((block + 148)..<(block + 156), with: text.utf8.prefix(8))
    }
}
