// SPDX-License-Identifier: Apache-2.0

import Faults

/// Which file was read at which line of which other, so that faults come in the order of the lines, those of an included file
/// in its place.
struct ReadingOrder {
    private var positions: [String: [Int]] = [:]

    /// - Parameter line: of `parent`, which names the file; nil for the first.
    mutating func note(_ file: String, in parent: String, at line: Int?) {
        guard positions[file] == nil else { return }
        positions[file] = line.map { (positions[parent] ?? []) + [$0] } ?? []
    }

    /// Several faults of one line stay as they are.
    func sorted(_ faults: [ConfigurationFault]) -> [ConfigurationFault] {
        let placed = faults.enumerated().map { index, fault in
            let file = fault.place?.file.flatMap { positions[$0] } ?? []
            return (position: file + [fault.place?.line ?? 0], index: index, fault: fault)
        }
        return placed.sorted {
            $0.position == $1.position
                ? $0.index < $1.index : $0.position.lexicographicallyPrecedes($1.position)
        }.map(\.fault)
    }
}
