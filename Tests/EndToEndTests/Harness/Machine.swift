// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// What the suites need from the machine they run on.
enum Machine {
    /// Where `amfleet` and `amfleetd` lie: beside the program that runs the tests.
    static let programs: String = {
        let here = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? ""
        return (here as NSString).deletingLastPathComponent
    }()

    /// The package: `Tests/EndToEndTests/Harness/Machine.swift` lies three folders below it.
    static let package: String = {
        var folder = #filePath as NSString
        for _ in 0..<4 { folder = folder.deletingLastPathComponent as NSString }
        return folder as String
    }()

    /// The path of a program: `AMFLEET_TOOLS`, then what `ci/setup` installed, then the system's.
    static func tool(_ name: String) -> String? {
        let environment = ProcessInfo.processInfo.environment
        let folders =
            [environment["AMFLEET_TOOLS"] ?? "", "\(package)/.tools/venv/bin"]
            + (environment["PATH"] ?? "").split(separator: ":").map(String.init)
            + ["/usr/sbin", "/sbin", "/usr/bin", "/bin"]
        return folders.lazy.filter { !$0.isEmpty }.map { "\($0)/\(name)" }
            .first { FileManager.default.isExecutableFile(atPath: $0) }
    }

    /// As `tool`, for what a suite has already been found to have.
    static func path(of name: String) throws -> String {
        guard let path = tool(name) else { throw MissingTools(names: [name]) }
        return path
    }

    /// What of `names` is not here; the agent's root counts as one.
    static func missing(_ names: [String]) -> [String] {
        var missing = names.filter { tool($0) == nil }
        if geteuid() != 0 { missing.append("root") }
        return missing
    }

    /// `REQUIRE_SERVERS=1`: nothing may be skipped.
    static let mustHaveAll = ProcessInfo.processInfo.environment["REQUIRE_SERVERS"] == "1"

    static let cluster = ["weed", "aws", "curl", "tar", "gzip", "python3", "setcap", "unshare"]
    static let amanda = ["amfetchdump", "amrestore", "amadmin", "amdump", "gcc", "runuser"]
}

/// Programs that the machine lacks.
struct MissingTools: Error, CustomStringConvertible {
    let names: [String]

    var description: String {
        "not on this machine: \(names.joined(separator: ", "))\nhint: run ci/setup, and the tests as root."
    }
}

extension Trait where Self == ConditionTrait {
    /// Skips where the machine lacks something; with `REQUIRE_SERVERS=1` the suite runs, and fails of it.
    static func needs(_ names: [String]) -> Self {
        let missing = Machine.missing(names)
        return .enabled(
            if: missing.isEmpty || Machine.mustHaveAll, "missing: \(missing.joined(separator: ", "))")
    }
}
