// SPDX-License-Identifier: Apache-2.0

import BlockingWork
import Files
import Glibc

/// Which levels of each DLE have a file in a directory of snapshots, by one listing of it: of many DLEs it grows with their number, not
/// with the levels that there could be.
struct SnapshotListing {
    private let levels: [String: [Int]]
    /// Whether it may be entered and not listed: then every level may be there.
    private let isUnknown: Bool

    /// Blocks. A directory that is not there, or hangs, has none.
    init(_ directory: String) {
        guard Hangs.at(directory) == nil else {
            (levels, isUnknown) = ([:], false)
            return
        }
        do {
            let names = try FileSystem.list(directory).compactMap(Self.split)
            levels = Dictionary(grouping: names, by: \.stem).mapValues { $0.map(\.level) }
            isUnknown = false
        } catch {
            (levels, isUnknown) = ([:], error.errorNumber == EACCES || error.errorNumber == EPERM)
        }
    }

    /// Highest first; that there is a file does not prove that tar can build on it.
    ///
    /// - Parameter stem: the file's name up to the level.
    func levels(of stem: String) -> [Int] {
        isUnknown
            ? (0...TarSnapshots.greatestLevel).reversed()
            : (levels[stem] ?? []).sorted(by: >)
    }

    private static func split(_ name: String) -> (stem: String, level: Int)? {
        guard let end = name.utf8.lastIndex(of: UInt8(ascii: "_")) else { return nil }
        let digits = name[name.utf8.index(after: end)...]
        guard let level = Int(digits), "\(level)" == digits, (0...TarSnapshots.greatestLevel).contains(level)
        else { return nil }
        return (String(name[...end]), level)
    }
}
