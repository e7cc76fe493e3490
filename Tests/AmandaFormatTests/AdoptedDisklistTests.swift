// SPDX-License-Identifier: Apache-2.0

import AmandaFormat
import Testing

/// A disklist whose disks are taken over, read again afterwards.
@Suite struct AdoptedDisklistTests {
    private static let configuration = """
        org "test"
        define dumptype all-archive {
          program "GNUTAR"
        }
        define interface lan {
        }

        """

    private func disklist(_ text: String) throws -> Disklist {
        let configuration = try AmandaConfiguration(
            parsing: Self.configuration, file: "/etc/amanda/x/amanda.conf", include: { _ in "" })
        return try Disklist(
            parsing: text, file: "disklist", configuration: configuration, include: { _ in "" })
    }

    private func adopted(
        _ text: String, host: String = "old"
    ) throws -> (text: String, list: Disklist, [DiskName]) {
        let before = try disklist(text)
        let taken = Set(before.entries.filter { $0.host == "localhost" }.map(\.diskName))
        let result = AdoptedDisklist(
            text.amandaBytes, entries: before.activeEntries.filter { $0.host == host }, taken: taken)
        let after = String(amandaBytes: result.bytes)
        return (after, try disklist(after), result.adopted)
    }

    @Test func `a disk goes on as localhost's, and stays known under its old host, ignored`() throws {
        let (text, list, adopted) = try adopted(
            "# ours\nold /data all-archive # the data\nlocalhost /etc all-archive\n")
        #expect(
            text == """
                # ours
                # 'old' is no name of this machine any more: what was dumped under it stays known.
                old /data {
                    all-archive
                    ignore yes
                }
                localhost /data all-archive # the data
                localhost /etc all-archive

                """)
        #expect(list.activeEntries.map(\.name.description) == ["localhost:/data", "localhost:/etc"])
        #expect(list.entries.map(\.name.description) == ["old:/data", "localhost:/data", "localhost:/etc"])
        #expect(adopted == [DiskName(host: "old", disk: "/data")])
    }

    @Test func `a device, a spindle, an interface and braces stay with both`() throws {
        let (_, list, _) = try adopted(
            """
            old home /srv/home all-archive 1 lan
              old "a b" /srv/ab {
                all-archive
                exclude "./x"   # not this
              } 2
            """)
        #expect(
            list.entries.map { "\($0.name) \($0.directory) \($0.spindle) \($0.interface ?? "-")" } == [
                "old:home /srv/home 1 lan", "localhost:home /srv/home 1 lan", "old:a b /srv/ab 2 -",
                "localhost:a b /srv/ab 2 -",
            ])
        #expect(list.activeEntries.map(\.host) == ["localhost", "localhost"])
        #expect(list.entries.suffix(2).allSatisfy { $0.dumptype.exclude.files == ["./x"] })
    }

    @Test func `what localhost has already is only ignored, and a second time nothing is left to do`() throws
    {
        let (text, list, taken) = try adopted("old /data all-archive\nlocalhost /data all-archive\n")
        #expect(taken.isEmpty)
        #expect(list.activeEntries.map(\.name.description) == ["localhost:/data"])
        let (again, _, _) = try adopted(text)
        #expect(again == text)
    }
}
