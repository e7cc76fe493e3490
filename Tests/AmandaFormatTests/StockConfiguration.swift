// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport

@testable import AmandaFormat

/// A configuration that the Amanda that is installed can read: it takes one only from `/etc/amanda/NAME`, and so it lies
/// there in a sandbox of its own.
final class StockConfiguration {
    let name = "amfleet-test"
    /// Where the two believe it to lie.
    var directory: String { "/etc/amanda/\(name)" }

    private let scratch: TemporaryDirectory
    private let sandbox: AmandaSandbox

    /// Whether stock Amanda can be asked at all: it reads configurations as root and as its own user.
    static var isUsable: Bool {
        AmandaSandbox.isUsable && RequiredTools.areUsable("amgetconf", "amadmin", "perl")
    }

    /// `files`: by name; all may read them.
    init(_ files: [String: String]) throws {
        scratch = try TemporaryDirectory("amanda-oracle")
        sandbox = try AmandaSandbox(scratch.path)
        let folder = "\(sandbox.configurations)/\(name)"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: false)
        for (file, text) in files {
            try Data(text.amandaBytes).write(to: URL(fileURLWithPath: "\(folder)/\(file)"))
        }
    }

    /// Our own reading of its `amanda.conf`.
    func ours() throws -> AmandaConfiguration {
        try AmandaConfiguration(
            parsing: bytes("\(directory)/amanda.conf"), file: "\(directory)/amanda.conf", include: bytes)
    }

    func ourDisklist() throws -> Disklist {
        try Disklist(
            parsing: bytes("\(directory)/disklist"), file: "\(directory)/disklist",
            configuration: try ours(), include: bytes)
    }

    private func bytes(_ path: String) throws -> [UInt8] {
        let place = path.hasPrefix("/etc/amanda/") ? sandbox.configurations + path.dropFirst(11) : path
        return Array(try Data(contentsOf: URL(fileURLWithPath: place)))
    }

    /// What `amgetconf NAME PARAMETER` prints for each parameter, by its own function in one process; nil where Amanda
    /// calls the configuration faulty.
    func amgetconf(_ parameters: [String]) throws -> [String: [String]]? {
        let libraries = try output(of: "amgetconf", [name, "build.amperldir"])
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
        let text = try output(
            of: "perl", ["-I", libraries.trimmingCharacters(in: .newlines), "-e", script, name],
            input: parameters.joined(separator: "\n") + "\n")
        return text == "faulty\n" ? nil : amgetconfTexts(text)
    }

    /// What one of Amanda's programs says of the configuration, as root.
    private func output(of tool: String, _ arguments: [String], input: String = "") throws -> String {
        try Self.output(
            of: sandbox.command([RequiredTools.path(tool)] + arguments, asRoot: true), input: input)
    }

    /// `amadmin NAME …`, as Amanda's user.
    func amadmin(_ arguments: String...) throws -> String {
        try Self.output(of: sandbox.command([RequiredTools.path("amadmin"), name] + arguments))
    }

    static func output(of command: [String], input: String = "") throws -> String {
        let scratch = try TemporaryDirectory("amanda-oracle")
        let process = Process()
        process.executableURL = URL(fileURLWithPath: command[0])
        process.arguments = Array(command.dropFirst())
        process.standardInput = FileHandle(
            forReadingAtPath: try scratch.write("input", input))
        process.standardOutput = FileHandle(forWritingAtPath: try scratch.write("output", ""))
        process.standardError = FileHandle.nullDevice
        process.currentDirectoryURL = URL(fileURLWithPath: "/")
        try process.run()
        process.waitUntilExit()
        return String(amandaBytes: try Data(contentsOf: URL(fileURLWithPath: scratch.path("output"))))
    }
}
