// SPDX-License-Identifier: Apache-2.0

public import AmandaFormat

/// A whole dump that the catalog lists: every part of it on a volume that still bears its run's datestamp. Of `CatalogDump` only
/// what decides on levels and volumes, so that a plan can be made, and tried, without a catalog.
public struct StoredDump: Hashable, Sendable {
    public var name: DiskName
    public var level: Int
    /// That made it. Its volumes bear another where it waited on a holding disk; what builds on what goes by this one.
    public var run: Datestamp
    /// The volumes that hold parts of it.
    public var labels: Set<String>
    /// It may not hold the disk: others can build on it, but it is not the disk's newest dump.
    public var isSuspect = false

    public init(name: DiskName, level: Int, run: Datestamp, labels: Set<String>, isSuspect: Bool = false) {
        self.name = name
        self.level = level
        self.run = run
        self.labels = labels
        self.isSuspect = isSuspect
    }
}

/// The dumps that together bring one disk back: a full dump, and of each level above it the newest one.
///
/// A dump builds on the newest dump of a lower level before it, as GNU tar's snapshots do and as `amrecover` restores.
public struct RestorableChain: Equatable, Sendable {
    /// By level, ascending; never empty.
    public let dumps: [StoredDump]

    /// The level of the newest dump.
    var topLevel: Int { dumps.last?.level ?? 0 }
    /// All volumes that the restore reads.
    var labels: Set<String> { dumps.reduce(into: []) { $0.formUnion($1.labels) } }

    /// The chain of the newest plausible dump whose chain is whole; where there is none, of the newest suspect one.
    ///
    /// - Parameters:
    ///   - dumps: of one disk, in any order.
    ///   - fullsAreElsewhere: full dumps are made by other means (`strategy nofull`, `incronly`, `skip-full`): a
    ///     chain may begin with an increment.
    /// - Returns: nil where nothing can be restored.
    public static func newest(of dumps: [StoredDump], fullsAreElsewhere: Bool = false) -> RestorableChain? {
        let newestFirst = dumps.sorted { ($0.run, $0.level) > ($1.run, $1.level) }
        for isSuspect in [false, true] {
            for index in newestFirst.indices where newestFirst[index].isSuspect == isSuspect {
                if let chain = chain(to: index, newestFirst, fullsAreElsewhere) { return chain }
            }
        }
        return nil
    }

    private static func chain(
        to index: Int, _ newestFirst: [StoredDump], _ fullsAreElsewhere: Bool
    ) -> RestorableChain? {
        var links = [newestFirst[index]]
        for dump in newestFirst[(index + 1)...] {
            guard let top = links.last, top.level > 0 else { break }
            if dump.level < top.level, dump.run < top.run { links.append(dump) }
        }
        guard links.last?.level == 0 || fullsAreElsewhere else { return nil }
        return RestorableChain(dumps: links.reversed())
    }
}

/// Why a volume must not be overwritten: what a disk would lose.
public struct VolumeNeed: Hashable, Sendable, CustomStringConvertible {
    public var name: DiskName
    /// Of the dump that lies there.
    public var level: Int

    init(name: DiskName, level: Int) {
        self.name = name
        self.level = level
    }

    public var description: String {
        level == 0 ? "the newest full dump of \(name)" : "the newest level \(level) of \(name)"
    }

    /// The volumes without which some disk could not be restored to its newest dump. Where a volume holds several,
    /// the lowest level counts.
    ///
    /// The one rule for planner and volume chooser: such a volume is not overwritten, whatever its age, and whatever
    /// becomes of the run that would take it.
    public static func volumes(of chains: [RestorableChain]) -> [String: VolumeNeed] {
        var needs: [String: VolumeNeed] = [:]
        for dump in chains.flatMap(\.dumps) {
            for label in dump.labels where needs[label].map({ dump.level < $0.level }) ?? true {
                needs[label] = VolumeNeed(name: dump.name, level: dump.level)
            }
        }
        return needs
    }
}
