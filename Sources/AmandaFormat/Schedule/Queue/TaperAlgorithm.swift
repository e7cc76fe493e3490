// SPDX-License-Identifier: Apache-2.0

/// Which of the dumps on a holding disk goes to a volume next.
///
/// Source: amanda.conf(5), `taperalgo`; Amanda 3.5.1 `server-src/driver.c`.
public enum TaperAlgorithm: String, CaseIterable, Sendable {
    case first = "FIRST"
    case firstFit = "FIRSTFIT"
    case largest = "LARGEST"
    case largestFit = "LARGESTFIT"
    case smallest = "SMALLEST"
    case smallestFit = "SMALLESTFIT"
    case last = "LAST"

    /// The word in `amanda.conf`, in Amanda's upper case.
    public init?(keyword: String) {
        self.init(rawValue: keyword)
    }

    /// The index of the next dump.
    ///
    /// - Parameters:
    ///   - sizes: stored bytes of the held dumps, in the order in which they were made.
    ///   - spaceLeft: bytes of the current volume, or, where dumps may be split, of all that the run may still use.
    /// - Returns: nil when nothing is held. Where none fits, the smallest.
    public func next(among sizes: [Int64], spaceLeft: Int64) -> Int? {
        let fitting = sizes.indices.filter { sizes[$0] <= spaceLeft }
        let smallest = sizes.indices.min { sizes[$0] < sizes[$1] }
        switch self {
        case .first: return sizes.indices.first
        case .last: return sizes.indices.last
        case .largest: return largest(sizes.indices, sizes)
        case .smallest: return smallest
        case .firstFit: return fitting.first ?? smallest
        case .largestFit: return largest(fitting, sizes) ?? smallest
        case .smallestFit: return fitting.min { sizes[$0] < sizes[$1] } ?? smallest
        }
    }

    /// The first of the largest.
    private func largest(_ indices: some Collection<Int>, _ sizes: [Int64]) -> Int? {
        indices.max { (sizes[$0], $1) < (sizes[$1], $0) }
    }
}
