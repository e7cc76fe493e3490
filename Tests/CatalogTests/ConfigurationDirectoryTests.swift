// SPDX-License-Identifier: Apache-2.0

import AmandaFormat
import Faults
import Foundation
import TestSupport
import Testing

@testable import Catalog

@Suite struct ConfigurationDirectoryTests {
    /// What is wrong, each with its file's name and line.
    private func faults(_ files: [String: String]) throws -> [String] {
        let scratch = try TemporaryDirectory("configuration")
        try FileManager.default.createDirectory(
            atPath: scratch.path("test"), withIntermediateDirectories: false)
        for (name, text) in files {
            try text.write(toFile: scratch.path("test/\(name)"), atomically: true, encoding: .utf8)
        }
        let directory = ConfigurationDirectory(root: scratch.path(""), name: "test")
        let error = #expect(throws: (any Error).self) { _ = try directory.load() }
        guard let error = error as? ConfigurationError else { return [] }
        return error.list.map { fault in
            let file = fault.place?.file?.split(separator: "/").last ?? ""
            return "\(file):\(fault.place?.line ?? 0)"
        }
    }

    @Test func `the faults of amanda.conf and of the disklist come in one error`() throws {
        #expect(
            try faults([
                "amanda.conf": "dumpuser \"root\"\norgg \"x\"\nincludefile \"more\"\ntapecycle 0\n",
                "more": "zebra 1\n", "disklist": "localhost /a foo\nlocalhost\n",
            ]) == ["amanda.conf:2", "more:1", "amanda.conf:4", "disklist:1", "disklist:2"])
    }

    @Test(arguments: [15, 3, 1, 0])
    func `slots of a chg-disk are counted in its directory`(count: Int) throws {
        let scratch = try TemporaryDirectory("slots")
        let volumes = scratch.path("volumes")
        for directory in ["test", "volumes"] + (0..<count).map({ "volumes/slot\($0 + 1)" }) {
            try FileManager.default.createDirectory(
                atPath: scratch.path(directory), withIntermediateDirectories: false)
        }
        _ = try scratch.write(
            "test/amanda.conf",
            """
            dumpuser "root"
            tapecycle 9
            tpchanger "chg-disk:\(volumes)"
            define dumptype d {
              program "GNUTAR"
            }
            """)
        _ = try scratch.write("test/disklist", "localhost /a d\n")
        let loaded = try ConfigurationDirectory(root: scratch.path(""), name: "test").load()
        let remarks = loaded.remarks.map(\.text).filter { $0.contains(" slot") }
        #expect(remarks.isEmpty == (count > 8), "\(remarks)")
        #expect(count > 8 || remarks.first?.contains(" has \(count) slot") == true, "\(remarks)")
    }

    @Test func `a disklist whose name cannot be read is not looked for`() throws {
        #expect(
            try faults(["amanda.conf": "dumpuser \"root\"\ndiskfile other\n"]) == ["amanda.conf:2"])
    }

    @Test func `an include file that cannot be read hides no fault of the disklist`() throws {
        #expect(
            try faults([
                "amanda.conf": "dumpuser \"root\"\nincludefile \"gone\"\n",
                "disklist": "localhost /a foo\nlocalhost\n",
            ]) == ["amanda.conf:2", "disklist:2"])
    }
}
