// SPDX-License-Identifier: Apache-2.0

import Faults
import Secret
import Testing

@testable import AmandaFormat

@Suite struct ConfigValueTests {
    @Test func `the corrected reference configuration gives typed values`() throws {
        let reference = try configFixture("reference-corrected")
        #expect(reference.name == "cf-reference-corrected")
        #expect(reference.org == "amanda-server")
        #expect(reference.dumpuser == "amandabackup")
        #expect(reference.tapecycle == 10)
        #expect(reference.dumpcycleDays == 7)
        #expect(reference.retentionTapeCount == 9)
        #expect(reference.storageName == "cf-reference-corrected")
        #expect(reference.labelConstraint == .expression("^amanda-server-[0-9][0-9]*$"))
        #expect(reference.autolabel == Autolabel(template: "amanda-server-%%%%", takesEmpty: true))
        #expect(reference.tapelistPath == "/etc/amanda/cf-reference-corrected/tapelist")
        #expect(reference.logdirPath == "/etc/amanda/amanda-server")
        #expect(reference.tapetype.lengthBytes == 500 << 30)
        #expect(reference.tapetype.partByteCount == 50 << 30)
        #expect(reference.tapetype.blockByteCount == 10 << 20)
        #expect(reference.holdingDisks.map(\.useBytes) == [-100 << 20])
        #expect(reference.interfaces.map(\.useBytesPerSecond) == [8000 << 10, 8000 << 10])
    }

    @Test func `tapedev finds its changer whatever the case, and braces become slots`() throws {
        let changer = try configFixture("reference-corrected").changer()
        #expect(changer.name == "my_S3")
        #expect(changer.devices.count == 10)
        #expect(changer.devices[0].description == "s3:your-backup-bucket/path/slot-01")
        #expect(changer.devices[9].bucketPath?.bucket == "your-backup-bucket")
        #expect(changer.devices[9].bucketPath?.prefix == "path/slot-10")
        #expect(changer.devices[9].slot == 10)
        #expect(changer.uploadThreadCount == 6)
        #expect(changer.recoveryThreadCount == 10)
        #expect(changer.isMultipart)
        #expect(changer.usesTLS == true)
        #expect(changer.region == "eu-west-1")
        #expect(changer.host == nil)
        #expect(changer.secretKey?.plaintext == "bar")
        #expect(changer.changerFile == "s3-statefile")
        #expect(!String(reflecting: changer).contains("bar\""))
        #expect(changer.value(ofDeviceProperty: "S3_SECRET_KEY") == nil)
    }

    @Test func `dumptypes inherit, and exclude "" leaves an inherited list alone`() throws {
        let reference = try configFixture("reference-corrected")
        let archive = try #require(reference.dumptype(named: "ALL-archive"))
        #expect(archive.program == "APPLICATION")
        #expect(archive.application?.plugin == "amgtar")
        #expect(archive.application?.value(ofProperty: "xattrs") == "YES")
        #expect(archive.compression == .clientBest)
        #expect(!archive.isRecorded)
        #expect(archive.dumpcycleDays == 0)
        #expect(archive.exclude == .init(files: [""], lists: [".amanda.excludes"]))
        #expect(archive.refusals.isEmpty)
    }

    @Test func `what is not used is listed with its line`() throws {
        let reference = try configFixture("reference-corrected")
        let texts = reference.unusedParameters.map(\.description)
        #expect(
            texts.contains(
                "/etc/amanda/cf-reference-corrected/amanda.conf:9: displayunit: read, kept, not used by this version"
            ))
        #expect(!texts.contains { $0.contains("autoflush") || $0.contains("holdingdisk") })
        #expect(!texts.contains { $0.contains("NB_THREADS") || $0.contains(" tapecycle:") })
    }

    @Test func `a changer string needs no definition, and tpchanger goes before tapedev`() throws {
        let changer = try configuration(
            "tapedev \"x\"\ntpchanger \"chg-multi:s3:b/p-{a,b}{1..2}\"\ndevice-property \"S3_HOST\" \"h:1\"\n"
        ).changer()
        #expect(changer.devices.map(\.bucketPath?.prefix) == ["p-a1", "p-a2", "p-b1", "p-b2"])
        #expect(changer.host == "h:1")
        #expect(changer.uploadThreadCount == 1)
        #expect(!changer.isMultipart)
    }

    @Test func `a changer's device properties go before the global ones`() throws {
        let changer = try configuration(
            """
            device-property "S3_HOST" "one"
            device-property "S3_SSL" "NO"
            define changer c {
              tpchanger "chg-multi:s3:b/s-{1..2}"
              property "first-slot" "5"
              device-property "s3-host" "two"
              device-property "BLOCK_SIZE" "16 mb"
            }
            tapedev "C"

            """
        ).changer()
        #expect(changer.host == "two")
        #expect(changer.usesTLS == false)
        #expect(changer.blockByteCount == 16 << 20)
        #expect(changer.devices.map(\.slot) == [5, 6])
    }

    @Test(arguments: [
        (
            "",
            "amanda.conf:1: neither 'tapedev' nor 'tpchanger' names a changer\nhint: write tapedev \"NAME\"."
        ),
        (
            "tapedev \"my_s4\"\ndefine changer my_s3 {\n}\n",
            "amanda.conf:1: 'my_s4' is neither a changer or device that is defined, nor a device on S3 or in a directory\nhint: write \"my_s3\"."
        ),
        (
            "tapedev \"chg-multi:s3:b/s-{1..3\"\n",
            "amanda.conf:1: 's3:b/s-{1..3' cannot be expanded: a '{' is not closed\nhint: write slot-{01..10}."
        ),
        (
            "tapedev \"chg-multi:s3:b/{1,1}\"\n",
            "amanda.conf:1: 's3:b/1' stands twice among the slots\nhint: give every slot its own name."
        ),
        (
            "define changer c {\n}\ntapedev \"c\"\n",
            "amanda.conf:1: changer 'c' must have either 'tpchanger' or 'tapedev'\nhint: write tpchanger \"chg-multi:s3:BUCKET/PATH/slot-{01..10}\"."
        ),
    ])
    func `a changer that cannot be used is refused when it is asked for`(
        text: String, expected: String
    ) throws {
        let configuration = try configuration(text)
        #expect(faultText { _ = try configuration.changer() } == expected)
    }

    @Test func `a storage's own words go before the global ones`() throws {
        let storage = try configFixture("grammar")
        #expect(storage.storageName == "st")
        #expect(storage.tapepool == "pool")
        #expect(storage.runtapes == 1)
        #expect(storage.retentionTapeCount == 3)
        #expect(storage.labelConstraint == .expression("^st-"))
        #expect(storage.autolabel.template == "$c-%%%%")
    }

    @Test func `bytes that are not UTF-8 survive in strings and do no harm in comments`() throws {
        let bytes =
            Array("# gr".utf8) + [0xFC] + Array("n\nlogdir \"/var/".utf8) + [0xE9] + Array("\"\n".utf8)
        let configuration = try AmandaConfiguration(parsing: bytes, file: "/a/b/amanda.conf") { _ in [] }
        #expect(configuration.logdirPath.amandaBytes == Array("/var/".utf8) + [0xE9])
    }

    @Test func `line ends of DOS and a missing last one are no fault`() throws {
        let configuration = try configuration(
            "org \"a\"\r\ndefine dumptype d {\r\n index no\r\n}\r\ntapecycle 4")
        #expect(configuration.tapecycle == 4)
        #expect(configuration.dumptype(named: "d")?.isIndexed == false)
    }
}
