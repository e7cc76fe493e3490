// SPDX-License-Identifier: Apache-2.0

import AmandaFormat
import Faults
import Testing

/// What a configuration asks for and does not get in that way.
@Suite struct ConfigRemarkTests {
    private func remarks(_ dumptype: String, _ globals: String = "tapecycle 4") throws -> [String] {
        let configuration = try configuration(
            """
            dumpcycle 3
            \(globals)
            tapedev "chg-multi:s3:bucket/n/slot-{1..5}"
            define script-tool s {
              plugin "p"
              execute-on pre-dle-backup, pre-recover, post-dle-amcheck
            }
            define dumptype list {
              exclude list ".excludes"
            }
            define dumptype d {
              \(dumptype)
            }
            """)
        let disklist = try Disklist(
            parsing: "localhost /a d\nlocalhost /b d\n", file: "/etc/amanda/test/disklist",
            configuration: configuration, include: { throw MissingFile(path: $0) })
        return configuration.remarks(on: disklist.activeEntries) { _ in nil }.map {
            $0.description.replacing("/etc/amanda/test/amanda.conf:", with: "")
        }
    }

    @Test func `an ordinary configuration has none`() throws {
        #expect(try remarks("comment \"x\"") == [])
    }

    @Test(arguments: [
        (
            "strategy hanoi",
            "strategy hanoi is planned as standard, as in stock Amanda: levels rise by bumpsize and bumpdays"
        ),
        (
            "skip-full yes\n skip-incr yes",
            "its disks are never dumped: neither full dumps nor increments are made"
        ),
        (
            "strategy noinc\n skip-full yes",
            "its disks are never dumped: neither full dumps nor increments are made"
        ),
        (
            "strategy incronly",
            "no full dump is ever made: nothing can be restored without one made by other means"
        ),
        ("bumpsize 1 mb\n bumppercent 20", "bumpsize has no effect beside bumppercent 20"),
        (
            "list\n exclude \"\"",
            "exclude \"\" does not clear the list '.excludes', in stock Amanda neither; write exclude list alone to clear it"
        ),
        (
            "holdingdisk required",
            "holdingdisk required: dumps go straight to the volume, and to a holding disk only while there is none"
        ),
    ])
    func `what is taken otherwise is said once`(setting: String, remark: String) throws {
        let found = try remarks(setting)
        #expect(found.count == 1, "\(found)")
        #expect(found.first?.hasSuffix(": dumptype 'd': \(remark)") == true, "\(found)")
    }

    @Test func `exclude list alone clears it, as amgetconf shows`() throws {
        #expect(try remarks("list\n exclude \"\"\n exclude list") == [])
    }

    @Test func `points at which a script does not run here are named`() throws {
        #expect(
            try remarks("script \"s\"") == [
                "4: script-tool 's' is not run at post-dle-amcheck, pre-recover: only stock amcheck and amrecover do that"
            ])
    }

    @Test func `too few volumes for the cycle, and too few slots for the volumes`() throws {
        #expect(
            try remarks("", "tapecycle 3") == [
                "2: tapecycle 3 is not more than the 3 runs of a dumpcycle: full dumps come more often, so that what a restore needs is not overwritten"
            ])
        let slots = try remarks("", "tapecycle 6")
        #expect(
            slots.count == 1 && slots[0].contains("has 5 slots, and the newest 5 volumes are kept"),
            "\(slots)")
    }

    /// Source: amanda-changers(7); `num-slot` counts with `auto-create-slot` alone.
    @Test(
        arguments: [
            ("chg-disk:/v", "", (1...15).map { "slot\($0)" } + ["state", "data"], 15),
            ("chg-disk:/v", "property \"num-slot\" \"20\"", ["slot1", "slot7"], 2),
            ("chg-disk:/v", "property \"num-slot\" \"20\"\nproperty \"auto-create-slot\" \"yes\"", [], 20),
            ("chg-disk:/v", "property \"removable\" \"yes\"", [], nil), ("chg-disk:/v", "", [], 0),
            ("chg-disk:/v", "", nil, nil), ("chg-multi:file:/v/{a,b,c}", "", nil, 3),
            ("chg-multi:s3:b/n/slot-{01..15}", "", nil, 15), ("chg-single:s3:b/n/slot-01", "", nil, 1),
            ("file:/v", "", nil, 1), ("s3:b/n/slot-01", "", nil, 1),
        ] as [(String, String, [String]?, Int?)])
    func `a changer has as many slots as there are`(
        device: String, properties: String, names: [String]?, count: Int?
    ) throws {
        let configuration = try configuration(
            """
            tapecycle 99
            define changer c {
              tpchanger "\(device)"
              \(properties)
            }
            tpchanger "c"
            """)
        #expect(try configuration.changer().slotCount { $0 == "/v" ? names : nil } == count)
        let remarks = configuration.remarks(on: []) { _ in names }.map(\.text).filter { $0.contains("slot") }
        let said = count.map { "changer 'c' has \($0) slot\($0 == 1 ? "" : "s"), and the newest 98 volumes" }
        #expect(remarks.count == (count == nil ? 0 : 1), "\(remarks)")
        #expect(said.map { remarks[0].hasPrefix($0) } ?? true, "\(remarks)")
    }

    @Test func `a remark says apart where, of what, and what`() throws {
        let configuration = try configuration(
            "define tapetype S3 {\n speed 3\n}\nmailto \"x\"\ntapetype S3\n")
        let file = "/etc/amanda/test/amanda.conf"
        let text = "read, kept, not used by this version"
        #expect(
            configuration.unusedParameters == [
                Remark(place: FaultPlace(file: file, line: 4), subject: "mailto", text),
                Remark(place: FaultPlace(file: file, line: 2), subject: "tapetype S3: speed", text),
            ])
    }

    @Test func `device properties without effect are listed`() throws {
        let configuration = try configuration(
            """
            tapedev "s3:bucket/n/slot-1"
            device-property "VERBOSE" "YES"
            device-property "NB_THREADS_BACKUP" "2"
            """)
        #expect(
            configuration.unusedDeviceProperties.map(\.description) == [
                "/etc/amanda/test/amanda.conf:2: device-property VERBOSE: read, kept, not used by this version"
            ])
    }
}
