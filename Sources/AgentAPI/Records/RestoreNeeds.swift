// SPDX-License-Identifier: Apache-2.0

public import AmandaFormat

/// A volume that a restore reads, and the run that it must bear.
public struct LabelNeed: Sendable {
    public let volume: VolumeRecord
    public let run: RunName
    /// Whose volume it is.
    public let configuration: String
    /// `level 0 of '/data' of run …: `; empty for the run's own.
    let what: String

    /// It holds a dump of the run itself.
    var isOwn: Bool { what.isEmpty }
}

/// One numbered file of a volume that a restore reads.
public struct FileNeed: Sendable {
    public let volume: VolumeRecord
    /// Whose volume it is.
    public let configuration: String
    public let fileNumber: UInt32
    /// nil: not known.
    public let byteCount: Int64?
    /// `level 0 of '/data' of run …`
    public let what: String
    /// Which of the record's dumps it is a part of, counted in the order of the needs.
    public let dump: Int
    /// How many files that dump has in all: where only some of them are looked at, they say nothing of the whole.
    public let fileCount: Int
    /// All that the files of that dump hold, one after the other; nil: not known.
    public let stream: DumpRecord.Stream?

    /// For messages: what it is, and where.
    public var place: String { "\(what), on volume '\(volume.label)'" }

    /// What is wrong with the file, by the object's key or the path; nil: nothing.
    public func fault(_ found: StoredFile) -> String? {
        switch found.fault(expecting: byteCount) {
        case nil: return nil
        case .missing(let key):
            return "\(place): '\(key)' \(volume.directory == nil ? "is not in the bucket" : "is not there")"
        case .lengthDiffers(let key, let expected, let found):
            return "\(place): '\(key)' has \(found) bytes, the record says \(expected)"
        }
    }
}

extension NodeRecord {
    /// The run's own volumes that hold a dump of it, then those of earlier dumps that it takes besides.
    public var labelNeeds: [LabelNeed] {
        configurations.flatMap { configuration in
            configuration.volumesWithDumps.map {
                LabelNeed(volume: $0, run: $0.run ?? run, configuration: configuration.name, what: "")
            }
        }
            + bases.flatMap { configuration, dump, base in
                let what = "level \(base.level) of '\(dump.disk)' of run \(base.run): "
                return base.volumes.map {
                    LabelNeed(
                        volume: $0, run: $0.run ?? base.writtenRun, configuration: configuration, what: what)
                }
            }
    }

    /// Every file of every dump on a volume, those of lower levels included. An impossible place is the restore's to refuse.
    public var fileNeeds: [FileNeed] {
        let own = configurations.flatMap { configuration in
            configuration.dumps.filter(\.status.isUsable).map { dump in
                NeededDump(
                    volumes: configuration.volumes, configuration: configuration.name,
                    parts: dump.parts.map(\.place), stream: dump.server,
                    what: "level \(dump.level) of '\(dump.disk)' of run \(run)")
            }
        }
        let below = bases.map { configuration, dump, base in
            NeededDump(
                volumes: base.volumes, configuration: configuration, parts: base.parts, stream: base.server,
                what: "level \(base.level) of '\(dump.disk)' of run \(base.run)")
        }
        return (own + below).enumerated().flatMap { index, dump in dump.needs(index) }
    }

    /// Why a restore in place would refuse the record's data, by what the record alone can tell; nil: nothing is known against it,
    /// as long as configurations that dump the same directory are restored one at a time.
    public var restoreRefusal: WireError? {
        let pieces = configurations.filter { $0.role == .data }.flatMap { configuration in
            // Of two dumps of one disk the later counts.
            let usable = configuration.dumps.filter(\.status.isUsable)
            let latest = usable.enumerated().filter { index, dump in
                !usable[(index + 1)...].contains { $0.host == dump.host && $0.disk == dump.disk }
            }
            return latest.map(\.element).map {
                RestorePiece(
                    configuration: configuration.name, disk: $0.disk,
                    path: $0.device.count > 1 && $0.device.hasSuffix("/")
                        ? String($0.device.dropLast()) : $0.device,
                    selection: $0.selection)
            }
        }
        if let stray = pieces.first(where: { !$0.path.hasPrefix("/") }) {
            return WireError(
                .unsupported, node: node,
                "disk '\(stray.disk)' of configuration '\(stray.configuration)' has no absolute path to go to",
                hint: "restore it with '--to DIR'.")
        }
        return RestorePiece.collisionsWithinEach(pieces).first
    }

    private var bases: [(configuration: String, dump: DumpRecord, base: DumpBaseRecord)] {
        configurations.flatMap { configuration in
            configuration.dumps.filter { $0.status.isUsable || $0.status == .skipped }.flatMap { dump in
                (dump.bases ?? []).map { (configuration.name, dump, $0) }
            }
        }
    }
}

/// A dump that a restore reads, whatever record tells of it.
private struct NeededDump {
    let volumes: [VolumeRecord]
    let configuration: String
    let parts: [PartPlace]
    let stream: DumpRecord.Stream?
    let what: String

    func needs(_ index: Int) -> [FileNeed] {
        let places = parts.compactMap { part in
            volumes.first { $0.label == part.label }.flatMap { volume in
                part.file.map { (volume: volume, number: $0, byteCount: part.byteCount) }
            }
        }
        // Without one of its parts the others say nothing of the whole.
        let stream = places.count == parts.count ? stream : nil
        return places.map { place in
            FileNeed(
                volume: place.volume, configuration: configuration, fileNumber: place.number,
                byteCount: place.byteCount, what: what, dump: index, fileCount: places.count, stream: stream)
        }
    }
}

extension ConfigurationRecord {
    /// Not those that hold only what did not become a dump, or dumps of earlier runs that were sent there.
    fileprivate var volumesWithDumps: [VolumeRecord] {
        let labels = Set(dumps.filter(\.status.isUsable).flatMap(\.parts).map(\.label))
        return volumes.filter { labels.contains($0.label) }
    }
}

extension VolumeRecord {
    /// Whether whoever reaches the cluster's own bucket can read it; all other volumes only their node can.
    public func lies(inBucketOfCluster bucket: String) -> Bool {
        self.bucket == bucket && store == nil && directory == nil
    }
}
