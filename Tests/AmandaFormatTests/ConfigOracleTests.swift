// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

@testable import AmandaFormat

/// Agreement with the Amanda that is installed, on our own files and on all those that it ships.
@Suite(.serialized, .enabled(if: StockConfiguration.isUsable), .timeLimit(.minutes(9)))
struct ConfigOracleTests {
    private static let templates = "/usr/share/amanda/template.d"
    private static let examples = "/usr/share/doc/amanda-server/examples"

    /// Parameters that agreed; nil where both refuse the file.
    private typealias Verdict = Int?

    @Test(.long) func `every file that Amanda ships is refused by both, or read alike to the last parameter`()
        throws
    {
        var verdicts: [String: Verdict] = [:]
        for path in try Self.shippedFiles() {
            verdicts[path] = try compare(try Self.text(path), path)
        }
        Self.report("Amanda's own", verdicts)
        let read = verdicts.filter { $0.value != nil }.keys
        for name in [
            "amanda-S3.conf", "amanda-harddisk.conf", "advanced.conf", "amanda.conf.gz", "tapetypes",
        ] {
            #expect(read.contains { $0.hasSuffix("/\(name)") }, "\(name)")
        }
        #expect(verdicts.count - read.count >= 5)  // READMEs, disklists, configurations of changers
    }

    @Test func `every parameter of our own configurations is as stock Amanda reads it`() throws {
        var verdicts: [String: Verdict] = [:]
        for name in ["reference", "reference-corrected", "setup", "grammar", "scripts"] {
            verdicts[name] = try compare(String(amandaBytes: try amandaFixture("Config/\(name).conf")), name)
        }
        Self.report("our own and the reference's", verdicts)
        // Its mistakes stand in it as they were found.
        #expect(verdicts.filter { $0.value == nil }.map(\.key) == ["reference"])
    }

    /// Equal orders, parents before and after a dumptype's own, several on a line.
    @Test func `scripts run in the order in which stock Amanda would run them`() throws {
        let scripts = ["a", "b", "c", "d"].map {
            "define script-tool \($0) {\n plugin \"p\"\n order \($0 == "c" ? 3 : 5000)\n}\n"
        }
        let dumptypes = """
            define dumptype own {
             script "a"
             script "b"
             script "c"
             script "d"
            }
            define dumptype before {
             own
             script "d" "a"
            }
            define dumptype after {
             script "a"
             script "c"
             own
             script "b"
            }
            define dumptype both {
             before
             after
            }
            define dumptype bare {
             own
            }
            define dumptype grandchild {
             bare
            }

            """
        #expect(try #require(try compare(scripts.joined() + dumptypes, "scripts of equal order")) > 500)
    }

    /// - Returns: how many parameters there were; nil where both refuse it.
    private func compare(_ text: String, _ label: String) throws -> Verdict {
        let stock = try StockConfiguration([
            "amanda.conf": text.replacing("/etc/amanda/template.d", with: Self.templates),
            "advanced.conf": try Self.text("\(Self.templates)/advanced.conf"),
        ])
        guard try stock.amgetconf([]) != nil else {
            #expect(throws: ConfigurationError.self, "\(label)") { try stock.ours() }
            return nil
        }
        let ours = AmgetconfText.all(of: try stock.ours())
        let theirs = try #require(try stock.amgetconf(Array(ours.keys)))
        #expect(theirs.count == ours.count)
        for (parameter, lines) in theirs {
            #expect(ours[parameter] == lines, "\(label): \(parameter)")
        }
        return theirs.count
    }

    private static func shippedFiles() throws -> [String] {
        try [templates, examples].flatMap { top in
            try FileManager.default.subpathsOfDirectory(atPath: top).map { "\(top)/\($0)" }
        }.filter { path in
            var isDirectory: ObjCBool = false
            return FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory)
                && !isDirectory.boolValue
        }.sorted()
    }

    private static func text(_ path: String) throws -> String {
        if path.hasSuffix(".gz") {
            return try StockConfiguration.output(of: [RequiredTools.path("gzip"), "-dc", path])
        }
        return String(amandaBytes: Array(try Data(contentsOf: URL(fileURLWithPath: path))))
    }

    private static func report(_ kind: String, _ verdicts: [String: Verdict]) {
        let counts = verdicts.values.compactMap(\.self)
        print(
            "\(counts.reduce(0, +)) parameters of \(counts.count) configurations (\(kind)) compared with amgetconf;",
            "\(verdicts.count - counts.count) files refused by both")
    }
}
