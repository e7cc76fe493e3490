// SPDX-License-Identifier: Apache-2.0

/// The name that somebody probably meant, for the hint of an error about an unknown one.
///
/// Case does not count, and `-` and `_` are the same letter, as in Amanda's names.
///
/// - Returns: the candidate with the fewest edits, the first of equals; nil where even that one needs more
///   edits than a slip of the pen explains: a third of the longer name's letters, at least one.
public func nearestName(to name: String, among candidates: some Sequence<String>) -> String? {
    let wanted = letters(of: name)
    var best: (name: String, edits: Int)?
    for candidate in candidates {
        let offered = letters(of: candidate)
        let allowed = max(1, max(wanted.count, offered.count) / 3)
        guard abs(wanted.count - offered.count) <= allowed else { continue }
        let edits = editDistance(wanted, offered)
        if edits <= allowed, edits < best?.edits ?? .max {
            best = (candidate, edits)
        }
    }
    return best?.name
}

/// Longer names are cut: a distance needs time and memory in proportion to both lengths.
private let longestComparedName = 128

private func letters(of name: String) -> [UInt8] {
    name.utf8.prefix(longestComparedName).map { byte in
        switch byte {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"): byte + 32
        case UInt8(ascii: "-"): UInt8(ascii: "_")
        default: byte
        }
    }
}

/// How many letters must be inserted, removed, replaced or swapped with their neighbour.
private func editDistance(_ first: [UInt8], _ second: [UInt8]) -> Int {
    var beforeLast: [Int] = []
    var last = Array(0...second.count)
    for row in first.indices {
        var current = [row + 1]
        for column in second.indices {
            let replaced = last[column] + (first[row] == second[column] ? 0 : 1)
            var edits = min(replaced, last[column + 1] + 1, current[column] + 1)
            if row > 0, column > 0, first[row] == second[column - 1], first[row - 1] == second[column] {
                edits = min(edits, beforeLast[column - 1] + 1)
            }
            current.append(edits)
        }
        (beforeLast, last) = (last, current)
    }
    return last[second.count]
}
