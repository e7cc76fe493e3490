// SPDX-License-Identifier: Apache-2.0

/// Cuts a stream of pieces into lines: NDJSON has one value a line.
struct LineSplitter {
    /// A line that is longer is no event of ours.
    static let longestLine = 1 << 20

    /// What has come of the line that is not complete yet.
    private var rest: [UInt8] = []

    /// The lines that `piece` completes, without their newlines; empty ones are left out. Looks at the bytes of `piece` alone, however
    /// small the pieces are that a line comes in.
    ///
    /// - Returns: nil when a line grows beyond `longestLine`.
    mutating func take(_ piece: [UInt8]) -> [[UInt8]]? {
        var lines: [[UInt8]] = []
        var left = piece[...]
        while let end = left.firstIndex(of: UInt8(ascii: "\n")) {
            rest += left[..<end]
            guard rest.count <= Self.longestLine else { return nil }
            if !rest.isEmpty { lines.append(rest) }
            rest = []
            left = left[(end + 1)...]
        }
        rest += left
        return rest.count <= Self.longestLine ? lines : nil
    }
}
