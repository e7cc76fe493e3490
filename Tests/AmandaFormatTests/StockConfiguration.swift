// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport

@testable import AmandaFormat

/// A configuration that the Amanda that is installed can read: it takes one only from `/etc/amanda/NAME`, so each test
/// makes one of its own there, which goes with this object.
final class StockConfiguration {
    let name = "amfleet-test-\(UUID().uuidString)"
    var directory: String { "/etc/amanda/\(name)" }

    /// Whether stock Amanda can be asked at all: it reads configurations as root and as its own user.
    static var isUsable: Bool {
        geteuid() == 0 && RequiredTools.areUsable("amgetconf", "amadmin", "perl", "runuser")
    }

    /// `files`: by name; all may read them.
    init(_ files: [String: String]) throws {
        try FileManager.default.createDirectory(
            atPath: directory, withIntermediateDirectories: false, attributes: [.posixPermissions: 0o755])
        for (file, text) in files {
            try Data(text.amandaBytes).write(to: URL(fileURLWithPath: "\(directory)/\(file)"))
        }
    }

    deinit {
        try? FileManager.default.removeItem(atPath: directory)
    }

    /// Our own reading of its `amanda.conf`.
    func ours() throws -> AmandaConfiguration {
        try AmandaConfiguration(
            parsing: Self.bytes("\(directory)/amanda.conf"), file: "\(directory)/amanda.conf"
        ) {
            try Self.bytes($0)
        }
    }

    func ourDisklist() throws -> Disklist {
        try Disklist(
            parsing: Self.bytes("\(directory)/disklist"), file: "\(directory)/disklist",
            configuration: try ours()
        ) { try Self.bytes($0) }
    }

    private static func bytes(_ path: String) throws -> [UInt8] {
        Array(try Data(contentsOf: URL(fileURLWithPath: path)))
    }

    /// What `amgetconf NAME PARAMETER` prints for each parameter, by its own function in one process; nil where Amanda
    /// calls the configuration faulty.
    func amgetconf(_ parameters: [String]) throws -> [String: [String]]? {
        let libraries = try Self.output(of: "amgetconf", [name, "build.amperldir"])
        let script = #"""
            use Amanda::Config qw(:init :getconf);
            config_init_with_global($CONFIG_INIT_EXPLICIT_NAME, $ARGV[0]);
            my ($level) = config_errors();
            if ($level >= $CFGERR_ERRORS) { print "faulty\n"; exit 0; }
            while (<STDIN>) {
                chomp;
                print "== $_\n";
                print "$_\n" for /^--list (.*)/ ? getconf_list($1) : getconf_byname_strs($_, 0);
            }
            """#
        let text = try Self.output(
            of: "perl", ["-I", libraries.trimmingCharacters(in: .newlines), "-e", script, name],
            input: parameters.joined(separator: "\n") + "\n")
        return text == "faulty\n" ? nil : amgetconfTexts(text)
    }

    static func output(of tool: String, _ arguments: [String], input: String = "") throws -> String {
        let scratch = try TemporaryDirectory("amanda-oracle")
        let process = Process()
        process.executableURL = URL(fileURLWithPath: try RequiredTools.path(tool))
        process.arguments = arguments
        try input.write(toFile: scratch.path("input"), atomically: true, encoding: .utf8)
        process.standardInput = FileHandle(forReadingAtPath: scratch.path("input"))
        try "".write(toFile: scratch.path("output"), atomically: true, encoding: .utf8)
        process.standardOutput = FileHandle(forWritingAtPath: scratch.path("output"))
        process.standardError = FileHandle.nullDevice
        process.currentDirectoryURL = URL(fileURLWithPath: "/")
        try process.run()
        process.waitUntilExit()
        return String(amandaBytes: try Data(contentsOf: URL(fileURLWithPath: scratch.path("output"))))
    }
}
