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

    /// What is wrong with the file, by the object's key or the path; nil: nothing.
    public func fault(_ found: StoredFile) -> String? {
        let place = "\(what), on volume '\(volume.label)'"
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
            configuration.dumps.filter(\.status.isUsable).flatMap { dump in
                dump.parts.compactMap {
                    need(
                        in: configuration.volumes, of: configuration.name, $0.place,
                        "level \(dump.level) of '\(dump.disk)' of run \(run)")
                }
            }
        }
        return own
            + bases.flatMap { configuration, dump, base in
                base.parts.compactMap {
                    need(
                        in: base.volumes, of: configuration, $0,
                        "level \(base.level) of '\(dump.disk)' of run \(base.run)")
                }
            }
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

    private func need(
        in volumes: [VolumeRecord], of configuration: String, _ part: PartPlace, _ what: String
    ) -> FileNeed? {
        guard let volume = volumes.first(where: { $0.label == part.label }), let number = part.file
        else { return nil }
        return FileNeed(
            volume: volume, configuration: configuration, fileNumber: number, byteCount: part.byteCount,
            what: what)
    }

    private var bases: [(configuration: String, dump: DumpRecord, base: DumpBaseRecord)] {
        configurations.flatMap { configuration in
            configuration.dumps.filter { $0.status.isUsable || $0.status == .skipped }.flatMap { dump in
                (dump.bases ?? []).map { (configuration.name, dump, $0) }
            }
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
