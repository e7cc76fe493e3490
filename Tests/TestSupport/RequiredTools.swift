// SPDX-License-Identifier: Apache-2.0

import Foundation

/// The programs that tests need besides Swift. On a laptop a test without its program is skipped; where
/// `REQUIRE_SERVERS=1` is set it fails.
///
///     @Suite(.enabled(if: RequiredTools.areUsable("weed")))
public enum RequiredTools {
    /// Whether tests that need `names` are to run: all are there, or their absence must show.
    public static func areUsable(_ names: String...) -> Bool {
        mustBePresent || names.allSatisfy { find($0) != nil }
    }

    /// The absolute path of a program.
    ///
    /// - Throws: `MissingTool` if there is none.
    public static func path(_ name: String) throws -> String {
        guard let path = find(name) else { throw MissingTool(name: name) }
        return path
    }

    /// `REQUIRE_SERVERS=1`: nothing may be skipped.
    public static var mustBePresent: Bool {
        ProcessInfo.processInfo.environment["REQUIRE_SERVERS"] == "1"
    }

    /// `AMFLEET_TOOLS`, then what `ci/setup` made, then `PATH`.
    private static func find(_ name: String) -> String? {
        let environment = ProcessInfo.processInfo.environment
        let path = environment["PATH"].map { $0.split(separator: ":").map(String.init) } ?? []
        let directories =
            [environment["AMFLEET_TOOLS"], "\(packageRoot)/.tools/venv/bin"].compactMap(\.self) + path
        return directories.map { "\($0)/\(name)" }.first { FileManager.default.isExecutableFile(atPath: $0) }
    }

    private static var packageRoot: String {
        URL(fileURLWithPath: #filePath)
            .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent().path
    }
}

/// A program that a test cannot do without.
public struct MissingTool: Error, CustomStringConvertible {
    let name: String

    /// Which, and how to get it.
    public var description: String {
        """
        '\(name)' is not installed
        hint: run ci/setup.
        """
    }
}
