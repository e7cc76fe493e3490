// SPDX-License-Identifier: Apache-2.0

import AmandaFormat
import Dump
import Files
import TestSupport
import Testing

/// Levels above 0: each archive onto the one before gives the tree as it was, for every level.
@Suite(.enabled(if: RequiredTools.areUsable("weed", "setfattr", "setcap")), .timeLimit(.minutes(5)))
struct IncrementTests {
    private static let firstChanges = """
        rm plain 'file-that-goes'; rm -r 'directory-that-goes'
        mv moved/here moved-there; mv renamed-file renamed-file-now; ln sub/text sub/second-name
        setfattr -n user.comment -v 'changed' with-attribute; chmod 0640 one-byte
        echo older > old-time; touch -d '2001-01-01 01:01:01' old-time; touch -d '2000-01-01' sub/random
        rm becomes-directory; mkdir becomes-directory; echo in > becomes-directory/inside
        rm -r becomes-file; echo file > becomes-file
        printf more | dd of=sparse bs=1M seek=3 conv=notrunc status=none; ln -sfn /elsewhere dangling
        mv swap-a swap; mv swap-b swap-a; mv swap swap-b
        """
    private static let secondChanges = """
        mv moved-there moved-again; rm -r becomes-directory; echo back > becomes-directory
        rm becomes-file; mkdir becomes-file; echo new > becomes-file/new; rm sub/second-name
        rm -r 'empty directory'; echo again > plain; mkdir -p a/new/depth; echo deep > a/new/depth/file
        """

    private func prepare(_ fixture: DumpFixture) throws {
        try makeOddTree(in: fixture.source, megabytes: 1)
        try shell(
            """
            echo x > file-that-goes; mkdir -p directory-that-goes/sub; echo y > directory-that-goes/sub/y
            mkdir -p moved/here/deep; echo m > moved/here/deep/m; echo top > moved/here/top; echo r > renamed-file
            echo file > becomes-directory; mkdir becomes-file; echo f > becomes-file/f
            mkdir swap-a swap-b; echo a > swap-a/a; echo b > swap-b/b; sleep 0.1
            """, in: fixture.source)
    }

    @Test func `levels 0, 1 and 2 give back every day, deletions and renames included`() async throws {
        let fixture = try await DumpFixture(server: .shared())
        try prepare(fixture)
        var outcomes: [DumpOutcome] = []
        var manifests: [String] = []
        for (level, changes) in [":", Self.firstChanges, Self.secondChanges].enumerated() {
            try shell(changes, in: fixture.source)
            manifests.append(try manifest(of: fixture.source, withXattrs: true))
            outcomes.append(
                try await fixture.dumpLevel(level, firstFile: UInt32(level) + 1))
        }
        for level in outcomes.indices {
            try? FileSystem.removeTree(fixture.target)
            try await fixture.restoreChain(Array(outcomes[...level]))
            #expect(try manifest(of: fixture.target, withXattrs: true) == manifests[level], "level \(level)")
        }
        let sizes = outcomes.map(\.native.byteCount)
        #expect(
            sizes[1] < sizes[0] && sizes[2] < sizes[1], "what has not changed is not stored again: \(sizes)")
        #expect(outcomes.allSatisfy { $0.strange.isEmpty && $0.notes.isEmpty })
    }

    @Test func `an increment's header, index and messages are those of its level`() async throws {
        let fixture = try await DumpFixture(server: .shared())
        try prepare(fixture)
        _ = try await fixture.dumpLevel(0, firstFile: 1)
        try shell("rm plain; mv moved/here moved-there; echo n > new", in: fixture.source)
        let outcome = try await fixture.dumpLevel(1, firstFile: 2)
        let header = try await fixture.reader.header(ofFile: 2)
        #expect(header.level == 1)
        #expect(try header.dle?.level == 1)
        let lines = Set(try outcome.indexedNames)
        #expect(lines.isSuperset(of: ["/", "/moved/", "/moved-there/", "/moved-there/deep/", "/new"]))
        #expect(!lines.contains("/sub/text"))
    }

    @Test func `a level builds on the one that it is told, or on nothing`() async throws {
        let fixture = try await DumpFixture(server: .shared())
        try shell("echo 0 > zero", in: fixture.source)
        _ = try await fixture.dumpLevel(0, firstFile: 1)
        try shell("sleep 0.1; echo 1 > one", in: fixture.source)
        _ = try await fixture.dumpLevel(1, firstFile: 2)
        try shell("sleep 0.1; echo 2 > two", in: fixture.source)
        func names(_ base: DumpBase) async throws -> [String] {
            var plan = try fixture.plan(volume: fixture.volume(firstFile: 3)) {
                $0.level = 2
                $0.isRecorded = false
            }
            plan.base = base
            let outcome = try await fixture.dump(plan)
            #expect(outcome.snapshot == nil, "an unrecorded dump leaves none")
            return try outcome.indexedNames.sorted()
        }
        #expect(try await names(.level(1)) == ["/", "/two"])
        #expect(try await names(.level(0)) == ["/", "/one", "/two"])
        #expect(try await names(.nothing) == ["/", "/one", "/two", "/zero"])
    }

    @Test func `what is mounted in the target stays, whatever is removed around it`() async throws {
        let fixture = try await DumpFixture(server: .shared())
        try shell("mkdir kept; echo x > kept/x", in: fixture.source)
        let outcome = try await fixture.dumpLevel(0, firstFile: 1)
        try shell(
            "mkdir -p target/mounted target/foreign; mount -t tmpfs tmpfs target/mounted; echo y > target/mounted/y",
            in: fixture.directory.path)
        defer { _ = try? shell("umount target/mounted", in: fixture.directory.path) }
        var plan = try await fixture.restorePlan(outcome)
        plan.deletes = true
        _ = try await RestoreEngine().restore(plan)
        #expect(try shell("find . -type f | sort", in: fixture.target) == "./kept/x\n./mounted/y\n")
        #expect(try FileSystem.list(fixture.target) == ["kept", "mounted"])
    }
}
