// SPDX-License-Identifier: Apache-2.0

/// Cuts a stream of pieces into lines: NDJSON has one value a line.
struct LineSplitter {
    /// A line that is longer is no event of ours.
    static let longestLine = 1 << 20

    private var rest: [UInt8] = []

    /// The lines that `piece` completes, without their newlines; empty ones are left out.
    ///
    /// - Returns: nil when a line grows beyond `longestLine`.
    mutating func take(_ piece: [UInt8]) -> [[UInt8]]? {
        rest += piece
        var lines = rest.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        guard let last = lines.popLast(), last.count <= Self.longestLine else { return nil }
        rest = Array(last)
        return lines.filter { !$0.isEmpty }.map(Array.init)
    }
}
