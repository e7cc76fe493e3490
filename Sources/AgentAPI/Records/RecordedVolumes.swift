// SPDX-License-Identifier: Apache-2.0

import AmandaFormat

/// What a run took and needs of a node's volumes, as its manifest keeps it: by it, later runs tell what an earlier one has lost, and
/// nobody has to read every record and every label there ever was.
public struct RecordedVolumes: Codable, Sendable, Equatable {
    /// More are not kept: a node record is another machine's word.
    public static let limit = 4096

    /// Those with a dump of the run, in the record's order; a held dump may have gone to a later run's (`run`).
    public var holding: [VolumeRecord]
    /// Earlier dumps' that increments build on, or that stand for disks that were left out; each with its `run`. nil: none.
    public var builtOn: [VolumeRecord]?
    /// Taken by the run, though no dump of it lies there. nil: none.
    public var emptied: [VolumeRecord]?
    /// Levels of the usable dumps, ascending.
    public var levels: [Int]
    /// Why a restore in place would refuse it, by the record alone; nil: nothing is known against it.
    public var refusal: String?
    /// What a pin keeps, each volume with its configuration and the run that it must bear; nil: of an older coordinator.
    public var protected: [ProtectedVolume]?

    public init(
        holding: [VolumeRecord], builtOn: [VolumeRecord]? = nil, emptied: [VolumeRecord]? = nil,
        levels: [Int], refusal: String? = nil, protected: [ProtectedVolume]? = nil
    ) {
        self.holding = holding
        self.builtOn = builtOn
        self.emptied = emptied
        self.levels = levels
        self.refusal = refusal
        self.protected = protected
    }

    /// All that a restore reads.
    public var needed: [VolumeRecord] { holding + (builtOn ?? []) }
    /// All that the run wrote a label on.
    public var taken: [VolumeRecord] { (holding + (emptied ?? [])).filter { $0.run == nil } }
}

extension NodeRecord {
    /// For the manifest; nil where the record names more volumes than any node has.
    public var recordedVolumes: RecordedVolumes? {
        let own = configurations.flatMap(\.volumes)
        let needs = labelNeeds
        guard own.count + needs.count <= RecordedVolumes.limit else { return nil }
        let holding = needs.filter(\.isOwn).map(\.volume)
        let builtOn = needs.filter { !$0.isOwn }.map { need in
            var volume = need.volume
            volume.run = need.run
            return volume
        }
        let emptied = own.filter { $0.run == nil && !holding.contains($0) }
        let levels = Set(configurations.flatMap(\.dumps).filter(\.status.isUsable).map(\.level))
        return RecordedVolumes(
            holding: holding.unique, builtOn: builtOn.unique.ifNotEmpty, emptied: emptied.unique.ifNotEmpty,
            levels: levels.sorted(), refusal: restoreRefusal?.message, protected: protectedVolumes)
    }
}

extension [VolumeRecord] {
    fileprivate var unique: [VolumeRecord] {
        var seen: Set<VolumeRecord> = []
        return filter { seen.insert($0).inserted }
    }

    fileprivate var ifNotEmpty: [VolumeRecord]? { isEmpty ? nil : self }
}
