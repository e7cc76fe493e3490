// SPDX-License-Identifier: Apache-2.0

public import AmandaFormat

extension TaperAlgorithm {
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
