// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

@testable import AmandaFormat

/// Root and Amanda; without them the fixtures alone speak.
private let isStockAmandaUsable = geteuid() == 0 && RequiredTools.areUsable("amgetconf", "perl")

/// Agreement with the Amanda that is installed, on our own files and on those that it ships.
///
/// It reads a configuration only from `/etc/amanda/NAME`; each test makes one of its own there and removes it.
@Suite(.serialized, .enabled(if: isStockAmandaUsable))
struct ConfigOracleTests {
    @Test(
        .timeLimit(.minutes(2)),
        arguments: ["single-tape", "tape-changer", "harddisk", "S3", "CAStor", "example"])
    func `every parameter of a configuration that Amanda ships is as stock Amanda reads it`(
        name: String
    ) throws {
        let templates = "/usr/share/amanda/template.d"
        let example = "/usr/share/doc/amanda-server/examples/amanda.conf.gz"
        let text =
            name == "example"
            ? try output(of: "gzip", ["-dc", example])
            : try String(contentsOfFile: "\(templates)/amanda-\(name).conf", encoding: .utf8)
        let advanced = try String(contentsOfFile: "\(templates)/advanced.conf", encoding: .utf8)
        try compare(
            text.replacing("/etc/amanda/template.d", with: templates), included: ["advanced.conf": advanced])
    }

    @Test(.timeLimit(.minutes(2)), arguments: ["reference-corrected", "setup", "grammar", "scripts"])
    func `every parameter of our own configurations is as stock Amanda reads it`(name: String) throws {
        let text = String(amandaBytes: try amandaFixture("Config/\(name).conf"))
        try compare(text, included: [:])
    }

    private func compare(_ text: String, included: [String: String]) throws {
        let name = "amfleet-test-\(UUID().uuidString)"
        let directory = "/etc/amanda/\(name)"
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: false)
        defer { try? FileManager.default.removeItem(atPath: directory) }
        for (file, text) in included.merging(["amanda.conf": text], uniquingKeysWith: { $1 }) {
            try text.write(toFile: "\(directory)/\(file)", atomically: true, encoding: .utf8)
        }
        let configuration = try AmandaConfiguration(parsing: text, file: "\(directory)/amanda.conf") {
            path -> String in
            try String(contentsOfFile: path, encoding: .utf8)
        }
        let ours = AmgetconfText.all(of: configuration)
        let stock = amgetconfTexts(try output(ofAmandaFor: Array(ours.keys), configuration: name))
        #expect(stock.count == ours.count)
        for (parameter, lines) in stock {
            #expect(ours[parameter] == lines, "\(parameter)")
        }
    }

    /// What `amgetconf NAME PARAMETER` prints for each parameter, by its own function in one process.
    private func output(ofAmandaFor parameters: [String], configuration: String) throws -> String {
        let libraries = try output(of: "amgetconf", [configuration, "build.amperldir"])
        let script = #"""
            use Amanda::Config qw(:init :getconf);
            config_init_with_global($CONFIG_INIT_EXPLICIT_NAME, $ARGV[0]);
            while (<STDIN>) {
                chomp;
                print "== $_\n";
                print "$_\n" for /^--list (.*)/ ? getconf_list($1) : getconf_byname_strs($_, 0);
            }
            """#
        return try output(
            of: "perl", ["-I", libraries.trimmingCharacters(in: .newlines), "-e", script, configuration],
            input: parameters.joined(separator: "\n") + "\n")
    }

    private func output(of tool: String, _ arguments: [String], input: String = "") throws -> String {
        let scratch = try TemporaryDirectory("amanda-oracle")
        let process = Process()
        process.executableURL = URL(fileURLWithPath: try RequiredTools.path(tool))
        process.arguments = arguments
        try input.write(toFile: scratch.path("input"), atomically: true, encoding: .utf8)
        process.standardInput = FileHandle(forReadingAtPath: scratch.path("input"))
        try "".write(toFile: scratch.path("output"), atomically: true, encoding: .utf8)
        process.standardOutput = FileHandle(forWritingAtPath: scratch.path("output"))
        process.standardError = FileHandle.nullDevice
        try process.run()
        process.waitUntilExit()
        return String(
            amandaBytes: try Data(contentsOf: URL(fileURLWithPath: scratch.path("output"))))
    }
}
