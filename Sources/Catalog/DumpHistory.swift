// SPDX-License-Identifier: Apache-2.0

public import AmandaFormat

/// All dumps that the logs speak of, those that were overwritten or failed included, stock Amanda's and ours.
///
/// What a dump builds on can only be told from all of them: with the overwritten ones left out, an older full dump would
/// stand in for the true base, and a restore would mix two states of the disk without a word.
public struct DumpHistory: Sendable {
    /// Newest first.
    public let dumps: [CatalogDump]
    /// The same of each disk.
    private let dumpsOfDisk: [DiskName: [CatalogDump]]
    private let attempts: [DiskName: Set<Datestamp>]
    private let omissions: [DiskName: Set<Datestamp>]

    /// - Parameters:
    ///   - attempts: the runs that meant to dump a disk, whatever became of it.
    ///   - omissions: the runs that left a disk out on purpose.
    public init(
        dumps: [CatalogDump], attempts: [DiskName: Set<Datestamp>] = [:],
        omissions: [DiskName: Set<Datestamp>] = [:]
    ) {
        self.omissions = omissions
        self.dumps = dumps.sorted { ($0.name.datestamp, $0.name.level) > ($1.name.datestamp, $1.name.level) }
        dumpsOfDisk = Dictionary(grouping: self.dumps, by: \.diskName)
        self.attempts = attempts
    }

    /// The same with dumps that no log knows yet.
    public func adding(_ more: [CatalogDump]) -> DumpHistory {
        more.isEmpty ? self : DumpHistory(dumps: dumps + more, attempts: attempts, omissions: omissions)
    }

    /// The dumps that give back a disk as this one found it.
    public func chain(to dump: CatalogDump) -> DumpChain {
        var links = [dump]
        while let top = links.last, top.name.level > 0,
            let base = base(of: top.diskName, below: top.name.level, before: top.name.datestamp)
        {
            links.append(base)
        }
        return DumpChain(dumps: links.reversed())
    }

    /// Of one disk, newest first.
    public func dumps(of name: DiskName) -> [CatalogDump] { dumpsOfDisk[name] ?? [] }

    /// The chain that a new dump of `level` builds on; nil: no dump of a lower level is known.
    public func bases(of name: DiskName, below level: Int, before run: Datestamp) -> DumpChain? {
        base(of: name, below: level, before: run.description).map(chain)
    }

    /// The newest dump of a disk before a run, with what it builds on; nil: none is known.
    public func newestChain(of name: DiskName, before run: Datestamp) -> DumpChain? {
        bases(of: name, below: .max, before: run)
    }

    /// The runs that meant to dump a disk, oldest first.
    public func attempts(at name: DiskName) -> [Datestamp] {
        let dumped = dumps(of: name).compactMap { Datestamp($0.name.datestamp) }
        return (attempts[name] ?? []).union(dumped).sorted()
    }

    /// The disks that a run meant to dump, whatever became of them.
    public func disks(attemptedBy run: Datestamp) -> [DiskName] {
        attempts.filter { $0.value.contains(run) }.keys.sorted()
    }

    /// The disks that a run left out on purpose, and has no dump of.
    public func disks(leftOutOf run: Datestamp) -> [DiskName] {
        let dumped = Set(dumps.filter { $0.name.datestamp == run.description }.map(\.diskName))
        return omissions.filter { $0.value.contains(run) && !dumped.contains($0.key) }.keys.sorted()
    }

    /// Of two accounts of one dump, the one that still has all of it.
    private func base(of name: DiskName, below level: Int, before datestamp: String) -> CatalogDump? {
        let candidates = dumps(of: name).lazy.filter {
            $0.wasWhole && $0.name.level < level && $0.name.datestamp < datestamp
        }
        guard let newest = candidates.first else { return nil }
        return candidates.first { $0.name == newest.name && $0.isWhole } ?? newest
    }
}

/// A dump and those of lower levels that it builds on: each on the newest of a lower level before it, as GNU tar's snapshots
/// do and as `amrecover` restores.
public struct DumpChain: Sendable, Equatable {
    /// By level, ascending; the last is the dump itself.
    public let dumps: [CatalogDump]

    public var top: CatalogDump? { dumps.last }
    /// What must be restored before the top.
    var bases: [CatalogDump] { Array(dumps.dropLast()) }
    /// It begins with a full dump.
    public var isRooted: Bool { dumps.first?.name.level == 0 }
    /// The first, from below, that cannot be had any more.
    public var firstLost: CatalogDump? { dumps.first { !$0.isWhole } }
}

extension CatalogDump {
    public var diskName: DiskName { DiskName(host: name.host, disk: name.disk) }
    /// It is whole, or was until a volume of it was overwritten: what came after builds on it.
    public var wasWhole: Bool { isWhole || isOverwritten }
}
