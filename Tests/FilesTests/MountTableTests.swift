// SPDX-License-Identifier: Apache-2.0

import Files
import TestSupport
import Testing

@Suite struct MountTableTests {
    private let table = MountTable(
        parsing: Array(
            #"""
            20 1 8:1 / / rw,relatime - ext4 /dev/sda1 rw
            21 20 8:2 / /opt rw,relatime shared:3 master:1 - xfs /dev/sdb1 rw,noquota
            22 21 8:17 / /opt/a\040b rw - ext4 /dev/sdc1 rw
            23 20 0:40 / /data rw - tmpfs x rw,size=64k
            24 23 8:33 / /data/inner rw - ext4 /dev/sdd1 rw
            25 23 8:49 / /data rw - ext4 /dev/sde1 rw
            26 20 8:1 /srv/x /mnt/bound rw - ext4 /dev/sda1 rw
            27 20 0:50 / /var/lib/docker/overlay2/m rw - overlay overlay rw,lowerdir=/l,upperdir=/var/u
            what is no line
            """#.utf8))

    @Test func `reads every field, and octal in names`() throws {
        #expect(table.mounts.count == 8)
        let spaced = try #require(table.mounts.first { $0.id == 22 })
        #expect(spaced.path == "/opt/a b" && spaced.parentID == 21 && spaced.fileSystem == "ext4")
        #expect(spaced.device == 0x811)
        #expect(table.mounts[6].root == "/srv/x" && table.mounts[6].device == 0x801)
        #expect(table.mounts[7].options.contains("upperdir=/var/u"))
    }

    @Test func `follows the kernel's way, so that what is covered is out of sight`() {
        #expect(table.covering("/opt/x")?.id == 21)
        #expect(table.covering("/optional")?.id == 20)
        #expect(table.covering("/data/inner/x")?.id == 25)
        #expect(table.isMountPoint("/data") && !table.isMountPoint("/data/inner"))
        #expect(table.isMountPoint("/") && table.isMountPoint("/mnt/bound"))
        #expect(table.inside("/").map(\.id) == [21, 22, 25, 26, 27])
        #expect(table.inside("/opt").map(\.id) == [22])
        #expect(table.inside("/data").isEmpty)
    }

    @Test func `a path lies within another by whole names`() {
        #expect(MountTable.isWithin("/a/b", "/a") && MountTable.isWithin("/a", "/a"))
        #expect(MountTable.isWithin("/a", "/") && MountTable.isWithin("/", "/"))
        #expect(!MountTable.isWithin("/ab", "/a") && !MountTable.isWithin("/", "/a"))
    }

    @Test func `is not led astray by a table that makes no sense`() {
        #expect(MountTable(parsing: []).covering("/") == nil)
        let circle = MountTable(
            parsing: Array("1 2 8:1 / / rw - ext4 a rw\n2 1 8:1 / / rw - ext4 b rw\n".utf8))
        #expect(circle.covering("/x") == nil)
    }

    @Test func `knows this machine`() throws {
        let table = try MountTable.current()
        #expect(table.isMountPoint("/proc") && table.covering("/proc")?.fileSystem == "proc")
    }
}

/// Tables of kernels and of whoever stands in for them, changed at random.
@Suite struct MountTableFuzzTests {
    private static let text = #"""
        20 1 8:1 / / rw,relatime - ext4 /dev/sda1 rw
        21 20 8:2 / /opt rw,relatime shared:3 master:1 - xfs /dev/sdb1 rw,noquota
        22 21 8:17 / /opt/a\040b rw - ext4 /dev/sdc1 rw
        27 20 0:50 / /var/lib/docker/overlay2/m rw - overlay overlay rw,lowerdir=/l,upperdir=/var/u
        """#

    @Test func `a table is read, and asked, whatever stands in it`() {
        var generator = SeededGenerator(seed: 52)
        var mountCount = 0
        for round in 0..<2_000 {
            let whole = Array(Self.text.utf8)
            let changed =
                round % 2 == 0
                ? ByteMutation.damaged(whole, using: &generator)
                : ByteMutation.absurd(whole, using: &generator)
            let table = MountTable(parsing: changed)
            mountCount += table.mounts.count
            for mount in table.mounts { #expect(mount.path.utf8.first == UInt8(ascii: "/")) }
            for path in ["/", "/opt/a b/c", "/opt", "", "/\u{301}"] {
                if let mount = table.covering(path) { #expect(table.mounts.contains(mount)) }
                #expect(table.inside(path).allSatisfy { MountTable.isWithin($0.path, path) })
            }
        }
        #expect(mountCount > 2_000)
    }
}
