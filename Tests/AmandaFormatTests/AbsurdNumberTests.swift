// SPDX-License-Identifier: Apache-2.0

import TestSupport
import Testing

@testable import AmandaFormat

/// Files of Amanda's with numbers that nobody means: they are read or refused. A trap would end the test program.
@Suite struct AbsurdNumberTests {
    private static let numbers = [
        "0", "-1", "1", "399", "400", "2147483647", "2147483648", "-2147483649", "4294967296",
        "9007199254740993",
        "9223372036854775807", "9223372036854775808", "-9223372036854775808", "99999999999999999999999999",
        "0.0000001", "inf", "1" + String(repeating: "0", count: 400) + ".5",
    ]

    /// Some of the numbers replaced, where they stand alone or after a blank.
    private static func absurd(_ bytes: [UInt8], using generator: inout SeededGenerator) -> [UInt8] {
        var text: [UInt8] = []
        var index = 0
        while index < bytes.count {
            let isNumber = (48...57).contains(bytes[index])
            let digits = bytes[index...].prefix { (48...57).contains($0) }
            guard isNumber, Int.random(in: 0..<6, using: &generator) == 0 else {
                text += isNumber ? Array(digits) : [bytes[index]]
                index += isNumber ? digits.count : 1
                continue
            }
            text += Array((numbers.randomElement(using: &generator) ?? "").utf8)
            index += digits.count
        }
        return text
    }

    private static let rounds = LongTests.areWanted ? 3_000 : 300

    @Test(.timeLimit(.minutes(9)), arguments: ["reference", "setup", "grammar", "scripts"])
    func `a configuration is read or refused, and so is what follows from it`(name: String) throws {
        let bytes = try amandaFixture("Config/\(name).conf")
        let disks = try amandaFixture("Config/disklist.data")
        var generator = SeededGenerator(seed: 5)
        for _ in 0..<(Self.rounds / 3) {
            let text = Self.absurd(bytes, using: &generator)
            var reading = ConfigurationReading(parsing: text, file: "/etc/amanda/cf/amanda.conf") { _ in text
            }
            reading.readDisklist(
                Self.absurd(disks, using: &generator), file: "/etc/amanda/cf/disklist"
            ) { _ in [] }
            Self.use(reading.configuration, reading.disklist)
        }
    }

    /// What a backup, a plan and a status ask of a configuration, whatever its faults.
    private static func use(_ configuration: AmandaConfiguration, _ disklist: Disklist?) {
        _ = (
            configuration.tapecycle, configuration.dumpcycleDays, configuration.runspercycle,
            configuration.runtapes, configuration.inparallel, configuration.maxDumpsPerVolume,
            configuration.retentionTapeCount, configuration.retentionRules, configuration.maxDumpBytes,
            configuration.netusageBytesPerSecond, configuration.tapetype, configuration.holdingDisks,
            configuration.interfaces.map(\.useBytesPerSecond), configuration.estimateTimeoutSeconds,
            configuration.dumpTimeoutSeconds, configuration.taperAlgorithm
        )
        if let changer = try? configuration.changer() {
            _ = (
                changer.devices, changer.uploadThreadCount, changer.recoveryThreadCount,
                changer.maxVolumeByteCount, changer.blockByteCount, changer.maxSendBytesPerSecond,
                changer.timeoutSeconds, changer.glacierTransitionDays
            )
        }
        guard let disklist else { return }
        _ = disklist.refusals(configuration: configuration, ownNames: ["localhost"])
        for entry in disklist.activeEntries {
            let type = entry.dumptype
            _ = (
                type.schedule, type.maxdumps, type.startMinute, type.plausibleByteShare,
                type.plausibleNameShare
            )
        }
        _ = configuration.remarks(on: disklist.activeEntries) { _ in [] }
    }

    @Test(
        .timeLimit(.minutes(9)),
        arguments: [
            "tapelist", "info", "command_file", "s3-statefile", "chg-disk-state", "log.20261123081039.0",
            "log.20261123081045.0", "log.20261123081735.0",
        ])
    func `a catalog is read or refused`(name: String) throws {
        let bytes = try amandaFixture("Catalog/\(name)")
        var generator = SeededGenerator(seed: 6)
        for _ in 0..<Self.rounds {
            let changed = Self.absurd(bytes, using: &generator)
            let text = String(amandaBytes: changed)
            _ = try? Tapelist(parsing: text)
            if var info = Info(parsing: text) {
                for level in [0, 1, info.lastLevel] {
                    info.record(
                        .init(level: level, originalKiB: .max, storedKiB: .max, seconds: 1, date: .max),
                        isCompressed: true)
                }
                #expect(Info(parsing: info.text) != nil)
            }
            _ = CommandFile(parsing: text)
            _ = try? ChangerState(parsing: text).text
            _ = RunLogSummary(parsing: changed)
            for line in AmandaLines.split(text) {
                let read = LogLine(parsing: line)
                _ = read.text
            }
        }
    }

    @Test(
        .timeLimit(.minutes(9)),
        arguments: [
            "gzip-best-level-0-filestart", "amcrypt-part-2-filestart", "gzip-best-special-tapestart",
            "scripts-filestart",
        ])
    func `a header is read or refused`(name: String) throws {
        let bytes = try amandaFixture("Headers/\(name)")
        var generator = SeededGenerator(seed: 7)
        for _ in 0..<Self.rounds {
            let changed = Self.absurd(bytes, using: &generator)
            _ = (try? DumpHeader(parsing: changed)).map { ($0.bytes, $0.dleText) }
            _ = (try? VolumeHeader(parsing: changed))?.bytes
        }
    }
}
