// SPDX-License-Identifier: Apache-2.0

import Foundation

/// What a directory tree holds, one line an entry: type, mode, owner, time, attributes, links, content.
struct TreeManifest: Sendable, Equatable {
    private let lines: [String]

    /// Describes `directory` with the project's own `ci/tree`.
    init(of directory: String) async throws {
        let text = try await successful(
            ["/usr/bin/python3", "\(Machine.package)/ci/tree", "describe", directory])
        self.init(lines: text.split(separator: "\n").map(String.init))
        guard lines.first?.hasPrefix("b'.' ") == true else {
            throw CommandError.never("'\(directory)' described", .zero)
        }
    }

    private init(lines: [String]) {
        self.lines = lines
    }

    var entryCount: Int { lines.count }

    /// What an archive without extended attributes can hold: times cut to whole seconds, and no attributes.
    var withoutAttributes: TreeManifest {
        TreeManifest(
            lines: lines.map { line in
                guard let mode = line.range(of: " 0o") else { return line }
                var fields = line[mode.lowerBound...].dropFirst().split(
                    separator: " ", omittingEmptySubsequences: false)
                fields[2] = fields[2].dropLast(9)
                fields.removeAll { $0.hasPrefix("user.") || $0.hasPrefix("security.") }
                return "\(line[..<mode.lowerBound]) \(fields.joined(separator: " "))"
            })
    }

    /// Whether no entry's time has a fraction.
    var hasWholeSecondsOnly: Bool {
        lines.allSatisfy { line in
            guard let mode = line.range(of: " 0o") else { return false }
            return line[mode.lowerBound...].split(separator: " ").dropFirst(2).first?.hasSuffix("000000000")
                == true
        }
    }

    /// The first lines that only one of the two has; empty when the trees are the same.
    ///
    /// - Parameter except: names, as `ci/tree` prints them, whose lines do not count.
    func difference(from other: TreeManifest, except: [String] = []) -> String {
        let ignored = except.map { "b\($0) " }
        let lines = lines.filter { line in !ignored.contains { line.hasPrefix($0) } }
        let otherLines = other.lines.filter { line in !ignored.contains { line.hasPrefix($0) } }

        let mine = Set(lines)
        let others = Set(otherLines)
        let missing = otherLines.filter { !mine.contains($0) }.prefix(10).map { "- \($0)" }
        let extra = lines.filter { !others.contains($0) }.prefix(10).map { "+ \($0)" }
        return (missing + extra).joined(separator: "\n")
    }
}
