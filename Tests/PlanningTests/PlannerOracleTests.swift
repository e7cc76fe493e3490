// SPDX-License-Identifier: Apache-2.0

import AmandaFormat
import Foundation
import TestSupport
import Testing

@testable import Planning

private let stockPlanner = "/usr/lib/amanda/planner"
private let isStockPlannerUsable =
    AmandaSandbox.isUsable && FileManager.default.isExecutableFile(atPath: stockPlanner)

/// The planner that is installed, on the same configuration, disklist and curinfo. With `estimate server` it needs
/// no client and writes nothing.
@Suite(.serialized, .enabled(if: isStockPlannerUsable))
struct PlannerOracleTests {
    static let seeds = LongTests.whole(
        [1, 5, 13, 17, 31, 45, 72, 107] as [UInt64], or: [13, 45, 107],
        leavingOut: "five of the eight nights of PlannerOracleTests")

    @Test(.timeLimit(.minutes(5)), arguments: seeds)
    func `levels, sizes and order are those of stock Amanda's planner`(seed: UInt64) throws {
        let night = RandomNight(seed: seed)
        let stock = try StockPlan(night)
        let plan = try night.planner.plan(stock.estimates)
        #expect(plan.dumps.map(StockPlan.Line.init).sorted() == stock.lines.sorted(), "\(stock.trace)")
    }
}

/// Disks with histories of every kind, without anything in which the two differ on purpose.
struct RandomNight {
    struct Disk {
        var name: DiskName
        var lines: [String]
        var info: Info
        var sizes: [Int: Int64]

        var hasIncrement: Bool {
            !info.levels.isEmpty && info.command.isDisjoint(with: [.force, .forceNoBump])
                && !lines.contains("strategy noinc")
        }
    }

    static let now = Int64(Date().timeIntervalSince1970)
    var disks: [Disk] = []
    var dumpcycle: Int
    var runspercycle: Int
    var lengthKiB: Int

    init(seed: UInt64) {
        var random = SeededGenerator(seed: seed &+ 77)
        dumpcycle = Int.random(in: 1...14, using: &random)
        runspercycle =
            Int.random(in: 0...1, using: &random) == 0 ? 0 : Int.random(in: 1...dumpcycle, using: &random)
        let count = Int.random(in: 1...14, using: &random)
        lengthKiB = 0
        var total = 0
        for index in 0..<count {
            let disk = disk("/d\(index)", using: &random)
            total += Int((disk.sizes[0] ?? 0) >> 10)
            disks.append(disk)
        }
        // Where a disk has nothing but a full dump to make, the two drop others for it on purpose.
        let isTight = disks.allSatisfy(\.hasIncrement)
        let percent = Int.random(in: isTight ? 15...100 : 100...150, using: &random)
        lengthKiB = max(4 << 20, total) * percent / 100 / 32 * 32
    }

    private func disk(_ path: String, using random: inout SeededGenerator) -> Disk {
        let isCompressed = Bool.random(using: &random)
        var lines = ["compress \(isCompressed ? "client fast" : "none")"]
        if Bool.random(using: &random) {
            lines.append("priority \(["low", "medium", "high"].randomElement(using: &random) ?? "low")")
        }
        if Int.random(in: 0..<4, using: &random) == 0 {
            // Others it divides as whole numbers, and forgets those above the global one.
            let divisors = (1...dumpcycle).filter { dumpcycle % $0 == 0 }
            lines.append("dumpcycle \(divisors.randomElement(using: &random) ?? 1) days")
        }
        if Int.random(in: 0..<3, using: &random) == 0 {
            lines.append("bumppercent \(Int.random(in: 1...40, using: &random))")
        } else {
            lines.append("bumpsize \(Int.random(in: 1...40, using: &random)) mb")
        }
        lines.append("bumpdays \(Int.random(in: 1...3, using: &random))")
        lines.append("bumpmult \(["1", "1.5", "2"].randomElement(using: &random) ?? "1")")
        if Int.random(in: 0..<4, using: &random) == 0 {
            lines.append("maxpromoteday \(Int.random(in: 0...5, using: &random))")
        }
        if Int.random(in: 0..<6, using: &random) == 0 {
            lines.append(
                "strategy \(["noinc", "nofull", "standard"].randomElement(using: &random) ?? "noinc")")
        }
        let isNoFull = lines.contains("strategy nofull")
        var info = Info()
        let full = Int64.random(in: 20_000...900_000, using: &random)
        var sizes = [0: full << 10]
        if Int.random(in: 0..<12, using: &random) > 0 {
            history(&info, &sizes, full, isCompressed, using: &random)
            // Stock Amanda counts a second full dump at `force-no-bump` twice.
            if isNoFull || info.command == .forceNoBump && info.lastLevel == 0 { info.command = [] }
        } else {
            sizes = [:]
        }
        return Disk(name: DiskName(host: "localhost", disk: path), lines: lines, info: info, sizes: sizes)
    }

    /// A full dump and the increments since, each size more than the 1,000 KiB above which stock Amanda believes it.
    private func history(
        _ info: inout Info, _ sizes: inout [Int: Int64], _ full: Int64, _ isCompressed: Bool,
        using random: inout SeededGenerator
    ) {
        let top = Int.random(in: 0...3, using: &random)
        var size = full
        // Far from half a day, where the second in which each of the two looks at the clock would count.
        let age =
            Int64.random(in: 0...Int64(dumpcycle + 1), using: &random) * 86_400
            + Int64.random(in: 10_000...36_000, using: &random)
        for level in 0...(top + 1) {
            info.levels.append(
                .init(
                    level: level, originalKiB: size, storedKiB: size / 2, seconds: 10,
                    date: Self.now - age + Int64(level) * 1000, fileNumber: 1, label: "P-0\(level + 1)"))
            sizes[level] = size << 10
            size = max(1_500, size / Int64.random(in: 2...6, using: &random))
        }
        info.lastLevel = top
        info.consecutiveRuns = Int.random(in: 1...4, using: &random)
        info.full.rates = ["\(Int.random(in: 50...5000, using: &random)).000000", "700.000000"]
        info.incremental.rates = ["\(Int.random(in: 50...5000, using: &random)).000000"]
        if isCompressed {
            info.full.ratios = ["0.300000", "0.\(Int.random(in: 100...900, using: &random))000", "0.500000"]
            info.incremental.ratios = Bool.random(using: &random) ? ["0.400000"] : []
        }
        info.command =
            [[], [], [], [], .force, .forceBump, .forceNoBump, .forceLevel1].randomElement(using: &random)
            ?? []
    }

    /// Its tapetype has blocks of 32 KiB and no marks.
    func configuration(directory: String) -> String {
        """
        org "oracle"
        dumpuser "backup"
        dumpcycle \(dumpcycle) days
        runspercycle \(runspercycle)
        tapecycle 1000
        tpchanger "chg-disk:\(directory)/volumes"
        labelstr "^P-[0-9]*$"
        infofile "\(directory)/curinfo"
        logdir "\(directory)"
        indexdir "\(directory)/index"
        tapelist "\(directory)/tapelist"
        tapetype T
        define tapetype T {
          length \(lengthKiB) kbytes
          filemark 0 kbytes
        }
        define dumptype d {
          program "GNUTAR"
          auth "local"
          estimate server
        }

        """
    }

    var disklist: String {
        disks.map { "\($0.name.host) \($0.name.disk) {\n  d\n  \($0.lines.joined(separator: "\n  "))\n}\n" }
            .joined()
    }

    var planner: Planner {
        get throws {
            let file = "/etc/amanda/oracle/amanda.conf"
            let configuration = try AmandaConfiguration(parsing: configuration(directory: "/x"), file: file) {
                path -> String in
                throw NoSuchFile(path: path)
            }
            let list = try Disklist(parsing: disklist, file: "disklist", configuration: configuration) {
                path -> String in
                throw NoSuchFile(path: path)
            }
            let run = try #require(Datestamp(localTimeOf: Self.now))
            let planned = zip(list.entries, disks).map { entry, disk in
                PlannerDisk(
                    name: entry.name, schedule: entry.dumptype.schedule, info: disk.info,
                    dumps: disk.info.levels.prefix(disk.info.lastLevel + 1).compactMap { level in
                        Datestamp(localTimeOf: level.date).map {
                            StoredDump(
                                name: disk.name, level: level.level, run: $0, labels: [level.label ?? ""])
                        }
                    })
            }
            var settings = configuration.plannerSettings(
                blockByteCount: 32 << 10, tapelist: Tapelist(), now: Self.now)
            settings.levelsHills = false
            return Planner(settings: settings, disks: planned, run: run, now: Self.now)
        }
    }
}

/// What stock Amanda's planner says.
struct StockPlan {
    struct Line: Comparable, CustomStringConvertible {
        var disk: String
        var priority: Int
        var level: Int
        var native: Int64
        var stored: Int64
        var degraded: Int?

        init(_ planned: PlannedDump) {
            disk = planned.name.disk
            priority = planned.priority
            level = planned.level
            native = planned.dump.nativeBytes >> 10
            stored = planned.dump.storedBytes >> 10
            degraded = planned.level == 0 ? planned.degraded?.level : nil
        }

        /// `DUMP host features disk datestamp priority level date native stored seconds rate …`.
        init?(_ text: Substring) {
            let words = text.split(separator: " ")
            guard words.count > 11, words[0] == "DUMP", let priority = Int(words[5]),
                let level = Int(words[6]),
                let native = Int64(words[8]), let stored = Int64(words[9])
            else { return nil }
            disk = String(words[3])
            self.priority = priority
            self.level = level
            self.native = native
            self.stored = stored
            degraded = level == 0 ? Int(words[12]) : nil
        }

        /// As the two order them; what is alike in that stands in any order.
        static func < (left: Line, right: Line) -> Bool {
            (left.priority, left.stored, left.disk) > (right.priority, right.stored, right.disk)
        }

        var description: String {
            "\(disk) pri \(priority) level \(level) \(native) \(stored) degraded \(degraded ?? -1)\n"
        }
    }

    var lines: [Line]
    var trace: String

    /// The sizes that it reckoned with: `got result for host localhost disk /d0: 0 -> 900K, 1 -> 20K, -1 -> -3K`.
    var estimates: [DiskName: SizeEstimate] {
        var estimates: [DiskName: SizeEstimate] = [:]
        for line in trace.split(separator: "\n") {
            guard let found = line.firstMatch(of: /got result for host (\S+) disk (\S+): (.*)/) else {
                continue
            }
            var sizes: [Int: Int64] = [:]
            for pair in found.3.matches(of: /([0-9]+) -> ([0-9]+)K/) {
                if let level = Int(pair.1), let size = Int64(pair.2) { sizes[level] = size << 10 }
            }
            estimates[DiskName(host: String(found.1), disk: String(found.2))] = .sizes(sizes)
        }
        return estimates
    }

    init(_ night: RandomNight) throws {
        let name = "amfleet-test"
        let directory = "/etc/amanda/\(name)"
        let scratch = try TemporaryDirectory("planner-oracle")
        defer { withExtendedLifetime(scratch) {} }
        let sandbox = try AmandaSandbox(scratch.path)
        let files = FileManager.default
        let stamp = Datestamp(localTimeOf: RandomNight.now)?.description ?? ""
        var contents = [
            "amanda.conf": night.configuration(directory: directory), "disklist": night.disklist,
            "tapelist": (1...5).map { "2026010103000\($0) P-0\($0) reuse\n" }.joined(), "log.\(stamp).0": "",
        ]
        for disk in night.disks where !disk.info.levels.isEmpty {
            contents["curinfo/localhost/\(sanitisedDiskName(disk.name.disk))/info"] = disk.info.text
        }
        for (file, text) in contents {
            let path = "\(sandbox.configurations)/\(name)/\(file)"
            try files.createDirectory(
                atPath: (path as NSString).deletingLastPathComponent, withIntermediateDirectories: true)
            try text.write(toFile: path, atomically: true, encoding: .utf8)
        }
        try files.createSymbolicLink(
            atPath: "\(sandbox.configurations)/\(name)/log", withDestinationPath: "log.\(stamp).0")
        _ = try Self.run([
            RequiredTools.path("chown"), "-R", "backup:backup", "\(sandbox.configurations)/\(name)",
        ])
        let (output, trace) = try Self.run(
            sandbox.command([
                stockPlanner, name, "--starttime", stamp, "--log-filename", "\(directory)/log.\(stamp).0",
            ]))
        self.trace =
            night.disklist + night.disks.map { "\($0.name) \($0.info.text)" }.joined()
            + String(trace[(trace.range(of: "SETTING UP")?.lowerBound ?? trace.startIndex)...])
        lines = output.split(separator: "\n").compactMap(Line.init)
    }

    private static func run(_ command: [String]) throws -> (output: String, trace: String) {
        let scratch = try TemporaryDirectory("planner-oracle")
        let process = Process()
        process.executableURL = URL(fileURLWithPath: command[0])
        process.arguments = Array(command.dropFirst())
        process.currentDirectoryURL = URL(fileURLWithPath: "/")
        for name in ["output", "trace"] {
            try "".write(toFile: scratch.path(name), atomically: true, encoding: .utf8)
        }
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = FileHandle(forWritingAtPath: scratch.path("output"))
        process.standardError = FileHandle(forWritingAtPath: scratch.path("trace"))
        try process.run()
        process.waitUntilExit()
        return (
            try String(contentsOfFile: scratch.path("output"), encoding: .utf8),
            try String(contentsOfFile: scratch.path("trace"), encoding: .utf8)
        )
    }
}

private struct NoSuchFile: Error {
    let path: String
}
