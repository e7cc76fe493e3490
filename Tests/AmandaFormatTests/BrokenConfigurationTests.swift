// SPDX-License-Identifier: Apache-2.0

import Faults
import Foundation
import TestSupport
import Testing

@testable import AmandaFormat

/// Every fault of a configuration at its cause, in one pass; and nothing that only follows from one.
@Suite struct BrokenConfigurationTests {
    private static let directory = "/etc/amanda/test/"

    @Test(arguments: BrokenConfiguration.all)
    func `each cause is one fault, and all are found at once`(_ broken: BrokenConfiguration) throws {
        let found = try Self.read(broken).faults.map { fault in
            BrokenConfiguration.Expected(
                file: Self.short(fault.place?.file ?? ""), line: fault.place?.line ?? 0,
                facts: Self.short(fault.facts), hint: fault.hint.map(Self.short))
        }
        #expect(found == broken.expected)
    }

    @Test(arguments: BrokenConfiguration.all)
    func `nothing is refused that only follows from a fault`(_ broken: BrokenConfiguration) throws {
        let reading = try Self.read(broken)
        let refusals = reading.disklist?.refusals(
            configuration: reading.configuration, ownNames: ["localhost"])
        #expect(refusals?.map(\.facts).filter { !$0.contains("tapedev") && !$0.contains("DUMP") } == [])
    }

    /// Sound configurations, with one thing wrong at one line after another.
    @Test(arguments: ["reference-corrected", "setup", "grammar", "scripts"])
    func `one slip is one fault`(name: String) throws {
        let file = "/etc/amanda/test/amanda.conf"
        let lines = String(amandaBytes: try amandaFixture("Config/\(name).conf"))
            .split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        var count = 0
        for (index, line) in lines.enumerated() {
            for slip in Self.slips(line.trimmingCharacters(in: .whitespaces)) {
                var text = lines
                text[index] = slip
                let faults = ConfigurationReading(
                    parsing: text.joined(separator: "\n").amandaBytes, file: file
                ) { try amandaFixture("Config/\($0.dropFirst(Self.directory.count))") }.faults
                #expect(faults.count == 1, "line \(index + 1): \(slip): \(faults)")
                // A brace that is missing is said of the line that opens the block; a string may begin on the line above.
                let found = faults.first?.place?.line ?? 0
                if !slip.isEmpty { #expect(abs(found - index - 1) <= 2, "\(slip): \(faults)") }
                count += 1
            }
        }
        #expect(count > 50)
    }

    /// A brace or a quote left out, a brace too many, a kind misspelt.
    private static func slips(_ line: String) -> [String] {
        guard !line.contains("#") else { return [] }
        if line == "}" { return ["", "}\n}"] }
        var slips: [String] = []
        if line.hasSuffix("{") || line.hasSuffix("\"") { slips.append(String(line.dropLast())) }
        if line.hasPrefix("define ") {
            slips.append("define x" + line.dropFirst(8))  // `define xumptype`
        }
        return slips
    }

    @Test(.enabled(if: RequiredTools.areUsable("amgetconf", "perl")), .timeLimit(.minutes(5)))
    func `stock Amanda refuses what is refused here, but for what the table says`() throws {
        let scratch = try TemporaryDirectory("broken")
        var folders: [String] = []
        for (index, broken) in BrokenConfiguration.all.enumerated() {
            let folder = scratch.path("\(index)")
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: false)
            for (name, text) in broken.files {
                try Data(text.amandaBytes).write(to: URL(fileURLWithPath: "\(folder)/\(name)"))
            }
            folders.append(folder)
        }
        let verdicts = try Self.stockVerdicts(folders, scratch)
        try #require(verdicts.count == BrokenConfiguration.all.count)
        for (broken, verdict) in zip(BrokenConfiguration.all, verdicts) {
            #expect((verdict == "refused") == (broken.stock == .refuses), "\(broken): \(verdict)")
        }
        #expect(BrokenConfiguration.all.count { $0.stock == .refuses } > 40)
    }

    private static func read(_ broken: BrokenConfiguration) throws -> ConfigurationReading {
        func bytes(_ path: String) throws -> [UInt8] {
            guard let text = broken.files[short(path)] else { throw MissingFile(path: path) }
            return text.amandaBytes
        }
        var reading = ConfigurationReading(
            parsing: try bytes("amanda.conf"), file: directory + "amanda.conf", include: bytes)
        reading.readDisklist(try bytes("disklist"), file: directory + "disklist", include: bytes)
        return reading
    }

    private static func short(_ text: String) -> String { text.replacing(directory, with: "") }

    /// As `amgetconf` and `amcheck` read them, each in a process of its own: what Amanda has read it does not forget.
    private static func stockVerdicts(_ folders: [String], _ scratch: TemporaryDirectory) throws -> [String] {
        let script = #"""
            use Amanda::Config qw(:init);
            use Amanda::Disklist;
            $| = 1;
            for my $folder (@ARGV) {
                my $child = fork();
                if ($child) { waitpid($child, 0); next; }
                chdir($folder) or die;
                config_init($CONFIG_INIT_USE_CWD, undef);
                my ($level) = config_errors();
                $level = Amanda::Disklist::read_disklist() if $level < $CFGERR_ERRORS;
                print $level < $CFGERR_ERRORS ? "taken\n" : "refused\n";
                exit 0;
            }
            """#
        let libraries = try output(of: "amgetconf", ["test", "build.amperldir"], scratch)
        let text = try output(
            of: "perl", ["-I", libraries.trimmingCharacters(in: .newlines), "-e", script] + folders, scratch)
        return text.split(separator: "\n").map(String.init)
    }

    private static func output(
        of tool: String, _ arguments: [String], _ scratch: TemporaryDirectory
    ) throws -> String {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: try RequiredTools.path(tool))
        process.arguments = arguments
        let output = scratch.path("output")
        try "".write(toFile: output, atomically: true, encoding: .utf8)
        process.standardOutput = FileHandle(forWritingAtPath: output)
        process.standardError = FileHandle.nullDevice
        process.standardInput = FileHandle.nullDevice
        try process.run()
        process.waitUntilExit()
        return try String(contentsOfFile: output, encoding: .utf8)
    }
}
