// SPDX-License-Identifier: Apache-2.0

import Faults
import Testing

@testable import AmandaFormat

/// The forms in which Amanda names changers, devices and storages.
@Suite struct ChangerFormTests {
    @Test(arguments: [
        ("tapedev \"s3:b/p\"", ["s3:b/p"]),
        ("tpchanger \"chg-single:s3:b/p\"", ["s3:b/p"]),
        ("tapedev \"file:/a/b/\"", ["file:/a/b"]),
        ("tpchanger \"chg-multi:{file:/a,file:/b}\"", ["file:/a", "file:/b"]),
        ("tpchanger \"chg-multi:file:/v/{01..3}\"", ["file:/v/01", "file:/v/02", "file:/v/03"]),
        ("tpchanger \"chg-disk:/v/\"", ["file:/v/slot1"]),
        ("define device d {\n tapedev \"s3:b/p\"\n}\ntapedev \"D\"", ["s3:b/p"]),
        ("define device d {\n tapedev \"file:/a\"\n}\ntpchanger \"chg-single:d\"", ["file:/a"]),
        (
            "define device d {\n tapedev \"file:/a\"\n}\ndefine changer c {\n tpchanger \"chg-multi:{d,file:/b}\"\n}\ntapedev \"c\"",
            ["file:/a", "file:/b"]
        ),
        ("define changer c {\n tapedev \"s3:b/p\"\n}\ntpchanger \"c\"", ["s3:b/p"]),
    ])
    func `every form gives its slots`(text: String, devices: [String]) throws {
        let changer = try configuration(text + "\n").changer()
        #expect(changer.devices.map(\.description) == devices)
        #expect(changer.devices.map(\.slot) == Array(1...devices.count))
    }

    @Test(arguments: [
        (
            "chg-robot:/dev/sg0",
            "changer 'chg-robot:/dev/sg0' is not supported: only chg-multi:, chg-single: and chg-disk: are\nhint: write \"chg-multi:s3:BUCKET/PATH/slot-{01..10}\"."
        ),
        (
            "chg-aggregate:{a,b}",
            "changer 'chg-aggregate:{a,b}' is not supported: only chg-multi:, chg-single: and chg-disk: are\nhint: write \"chg-multi:s3:BUCKET/PATH/slot-{01..10}\"."
        ),
        (
            "chg-disk",
            "changer 'chg-disk' has no ':' after its kind\nhint: write \"chg-disk:\" and what follows."
        ),
        (
            "chg-disk:vtapes",
            "the directory of 'chg-disk:vtapes' is not absolute\nhint: write chg-disk:/PATH."
        ),
        ("file:vtape", "the directory of 'file:vtape' is not absolute\nhint: write file:/PATH."),
        ("s3:bucket", "'s3:bucket' is no device on S3\nhint: write s3:BUCKET/PATH/slot-01."),
        (
            "rait:{file:/a,file:/b}",
            "device 'rait:{file:/a,file:/b}' is not supported: only s3: and file: are\nhint: write \"chg-multi:s3:BUCKET/PATH/slot-{01..10}\"."
        ),
        (
            "chg-multi:{file:/a,s3:b/p}",
            "slots on S3 and in directories stand in one changer, which is not supported\nhint: define a changer and a storage for each."
        ),
    ])
    func `what cannot be written to is refused by name`(device: String, fault: String) throws {
        let configuration = try configuration("tapedev \"\(device)\"\n")
        #expect(faultText { _ = try configuration.changer() } == "amanda.conf:1: \(fault)")
    }

    @Test(arguments: [
        (
            "num-slot", "many",
            "property 'num-slot' of changer 'c' must be a number, found 'many'\nhint: write property \"num-slot\" \"10\"."
        ),
        (
            "removable", "perhaps",
            "property 'removable' of changer 'c' must be yes or no, found 'perhaps'\nhint: write property \"removable\" \"yes\"."
        ),
        (
            "mount", "yes",
            "property 'mount' of changer 'c' is not supported\nhint: mount the disk before the run, and remove the property."
        ),
    ])
    func `a property of chg-disk that cannot be obeyed is refused`(
        name: String, value: String, fault: String
    ) throws {
        let configuration = try configuration(
            "define changer c {\n tpchanger \"chg-disk:/v\"\n property \"\(name)\" \"\(value)\"\n}\ntapedev \"c\"\n"
        )
        #expect(faultText { _ = try configuration.changer() } == "amanda.conf:2: \(fault)")
    }

    @Test func `everything that a changer and its storage ask for in vain is said at once`() throws {
        let configuration = try configuration(
            """
            define changer c {
              tpchanger "chg-disk:/v"
              property "num-slot" "many"
              property "removable" "perhaps"
              property "mount" "yes"
            }
            define storage a {
              tpchanger "c"
              vault "b" 3
              dump-selection ALL FULL
            }
            define storage b {
              tapedev "file:/b"
            }
            storage "a" "b"
            vault-storage "b"

            """)
        let error = #expect(throws: ConfigurationError.self) { _ = try configuration.changer() }
        #expect(error?.faults.map(\.place?.line) == [15, 16, 9, 10, 2, 2, 2])
        #expect(error?.faults.allSatisfy { $0.kind == .configuration && $0.hint != nil } == true)
    }

    @Test func `a changer that names another is told so`() throws {
        let configuration = try configuration(
            "define changer c {\n tpchanger \"d\"\n}\ndefine changer d {\n tpchanger \"chg-disk:/v\"\n}\ntapedev \"c\"\n"
        )
        #expect(
            faultText { _ = try configuration.changer() }
                == "amanda.conf:2: 'd' is a changer, not a device\nhint: write what its own tpchanger says.")
    }

    @Test func `chg-disk has the slots that are there, and makes those up to num-slot`() throws {
        let disk = { (makes: String) throws -> DiskChanger? in
            let changer = try configuration(
                """
                define changer c {
                  tpchanger "chg-disk:/v"
                  property "num-slot" "3"
                  property "auto-create-slot" "\(makes)"
                }
                tapedev "c"

                """
            ).changer()
            #expect(changer.changerFile == "/v/state")
            if case .disk(let disk) = changer.kind { return disk }
            return nil
        }
        let there = ["slot2", "slot12", "slot05", "data", "state", "slots", "slot"]
        #expect(try disk("no")?.devices(among: there).map(\.slot) == [2, 12])
        #expect(try disk("yes")?.devices(among: there).map(\.slot) == [1, 2, 3, 12])
        #expect(
            try disk("yes")?.devices(among: there).first?.directoryPath
                == DirectoryDevicePath(path: "/v/slot1", slot: 1, dataDirectory: .never))
    }

    @Test func `a device's properties stand between the global ones and the changer's`() throws {
        let changer = try configuration(
            """
            device-property "S3_HOST" "one"
            device-property "S3_SSL" "NO"
            device-property "VERBOSE" "NO"
            define device d {
              tapedev "s3:b/p"
              device-property "S3_HOST" "two"
              device-property "S3_SSL" "YES"
            }
            define changer c {
              tpchanger "chg-multi:d"
              device-property "S3_HOST" "three"
            }
            tapedev "c"

            """
        ).changer()
        #expect(changer.host == "three")
        #expect(changer.usesTLS == true)
        #expect(changer.value(ofDeviceProperty: "VERBOSE") == "NO")
        #expect(changer.changerFile == "changer")  // Amanda's global default
    }

    @Test(
        arguments: [
            ("s3:b/p", "", nil), ("s3:b/p", "\"ENFORCE_MAX_VOLUME_USAGE\" \"YES\"", 3 << 20),
            ("file:/a", "", 3 << 20), ("file:/a", "\"ENFORCE_MAX_VOLUME_USAGE\" \"NO\"", nil),
            ("file:/a", "\"MAX_VOLUME_USAGE\" \"5m\"", 5 << 20),
            ("s3:b/p", "\"MAX_VOLUME_USAGE\" \"5m\"", nil),
        ] as [(String, String, Int64?)])
    func `the tapetype's length limits a directory, and S3 where it is enforced`(
        device: String, property: String, limit: Int64?
    ) throws {
        let line = property.isEmpty ? "" : "device-property \(property)\n"
        let configuration = try configuration(
            "tapedev \"\(device)\"\ntapetype t\n\(line)define tapetype t {\n length 3 mbytes\n}\n")
        #expect(configuration.volumeByteLimit(on: try configuration.changer()) == limit)
    }

    private static let storages = """
        define storage a {
          tapedev "file:/a"
          tapepool "$r-pool"
          runtapes 2
        }
        define storage b {
          tapedev "file:/b"
        }

        """

    @Test(arguments: [
        ("storage \"a\"", "a"), ("storage \"b\"", "b"),
        ("storage \"a\" \"b\"\nactive-storage \"B\"", "b"),
    ])
    func `the storage that is active is the one that a run writes to`(line: String, name: String) throws {
        let configuration = try configuration(Self.storages + line + "\n")
        #expect(configuration.storageName == name)
        #expect(try configuration.changer().devices.map(\.description) == ["file:/\(name)"])
        #expect(configuration.runtapes == (name == "a" ? 2 : 1))
        #expect(configuration.tapepool == (name == "a" ? "a-pool" : "test"))
        #expect(
            Set(try configuration.changers().flatMap(\.devices).map(\.description)) == ["file:/a", "file:/b"])
    }

    @Test(arguments: [
        (
            "storage \"a\" \"b\"",
            "dumps to several storages at once (a, b) are not supported\nhint: keep one in 'storage', or name one in 'active-storage'; dumps are restored from all that are defined."
        ),
        (
            "storage \"a\"\nactive-storage \"b\"",
            "'active-storage' names no storage that 'storage' names: every dump would stay on the holding disk\nhint: name one of: a."
        ),
        (
            "storage \"a\"\nvault-storage \"b\"",
            "'vault-storage' is not supported: nothing is copied on\nhint: remove it, and copy volumes with stock Amanda's amvault."
        ),
    ])
    func `storages that would need more than one copy are refused`(lines: String, fault: String) throws {
        let configuration = try configuration(Self.storages + lines + "\n")
        let text = faultText { _ = try configuration.changer() }
        #expect(text?.hasSuffix(": " + fault) == true, "\(text ?? "")")
    }

    @Test func `a storage that takes only some dumps is refused`() throws {
        let text = "storage \"a\"\ndefine storage a {\n tapedev \"file:/a\"\n dump-selection ALL FULL\n}\n"
        let configuration = try configuration(text)
        #expect(
            faultText { _ = try configuration.changer() }
                == "amanda.conf:4: 'dump-selection' of storage 'a' leaves dumps out, which is not supported\nhint: write dump-selection ALL ALL, or remove it."
        )
    }

    @Test func `a part cache is said to be without need`() throws {
        let configuration = try configuration("define tapetype t {\n part-cache-type memory\n}\n")
        #expect(
            configuration.unusedParameters.map(\.description) == [
                "/etc/amanda/test/amanda.conf:2: tapetype t: part-cache-type: has no effect: no part is ever written twice, so none is cached"
            ])
    }
}

@Suite struct DirectoryFileNameTests {
    @Test func `files are named as Amanda names them`() {
        func text(_ name: [UInt8]) -> String { String(decoding: name, as: UTF8.self) }
        #expect(text(DirectoryFileName.label("d-01")) == "00000.d-01")
        #expect(
            text(DirectoryFileName.dump(1, host: "localhost", disk: "/tmp/a:b c", level: 0))
                == "00001.localhost._tmp_a_b c.0")
        #expect(text(DirectoryFileName.dump(123_456, host: "h", disk: "d", level: 12)) == "123456.h.d.12")
    }

    @Test func `a name that is too long for a file system is cut before its level`() {
        let name = DirectoryFileName.dump(1, host: "h", disk: String(repeating: "x", count: 300), level: 1)
        #expect(name.count == 255)
        #expect(name.suffix(2) == Array(".1".utf8))
        #expect(DirectoryFileName.number(of: name) == 1)
    }

    @Test(
        arguments: [
            ("00000.d-01", 0), ("00012.h.d.0", 12), ("100000.h.d.0", 100_000), ("1.h", nil),
            ("000001.h", nil),
            ("2024.jpg", nil), ("00001", nil), ("00001.", nil), ("00000-lock", nil), ("x00001.h", nil),
            ("", nil),
        ] as [(String, UInt32?)])
    func `only names exactly as Amanda writes them count`(name: String, number: UInt32?) {
        #expect(DirectoryFileName.number(of: Array(name.utf8)) == number)
    }
}
