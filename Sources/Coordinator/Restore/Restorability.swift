// SPDX-License-Identifier: Apache-2.0

internal import AgentAPI
internal import AmandaFormat

/// Whether a node's data of a run can still be had: its volumes must still bear the run's datestamp, and those of every dump
/// that an increment of it builds on, or that stands for a disk which it left out, theirs.
public enum Restorability: Sendable, Equatable {
    case restorable
    /// A volume was taken for a newer run, or is gone.
    case overwritten(String)
    /// An object is missing, or has another length than the record says.
    case damaged(String)
    /// The store did not say; that is no proof of absence.
    case unknown(String)

    /// - Parameter headers: what lies where each volume's label was, by the volume's prefix; nil inside: nothing.
    static func of(_ record: NodeRecord, headers: [String: Result<VolumeHeader?, WireError>]) -> Restorability
    {
        of(record.volumeNeeds, headers: headers)
    }

    static func of(
        _ needs: [VolumeNeed], headers: [String: Result<VolumeHeader?, WireError>]
    ) -> Restorability {
        for need in needs {
            let fault = fault(of: need.volume, run: need.run, headers[need.volume.prefix])
            switch fault {
            case .restorable: continue
            case .overwritten(let reason): return .overwritten(need.what + reason)
            case .damaged(let reason): return .damaged(need.what + reason)
            case .unknown(let reason): return .unknown(need.what + reason)
            }
        }
        return .restorable
    }

    private static func fault(
        of volume: VolumeRecord, run: RunName, _ header: Result<VolumeHeader?, WireError>?
    ) -> Restorability {
        switch header {
        case nil: return .unknown("volume '\(volume.label)' was not looked at")
        case .failure(let error): return .unknown("volume '\(volume.label)': \(error.message)")
        case .success(nil): return .overwritten("volume '\(volume.label)' is gone from '\(volume.prefix)'")
        case .success(let header?):
            guard header.label != volume.label || header.datestamp?.description != run.digits else {
                return .restorable
            }
            let now = header.datestamp.map { "run \($0)" } ?? "no run"
            return .overwritten(
                header.label == volume.label
                    ? "volume '\(volume.label)' now holds \(now)"
                    : "volume '\(volume.label)' is now '\(header.label)', with \(now)")
        }
    }
}

/// A volume that a restore reads, and the run that it must bear.
struct VolumeNeed: Sendable {
    let volume: VolumeRecord
    let run: RunName
    /// `level 0 of '/data' of run …: `; empty for the run's own.
    let what: String
}

/// One numbered file of a volume that a restore reads.
struct FileNeed: Sendable {
    let volume: VolumeRecord
    let fileNumber: UInt32
    /// nil: not known.
    let byteCount: Int64?
    /// `level 0 of '/data' of run …`
    let what: String
}

extension NodeRecord {
    /// The run's own volumes that hold a dump of it, then those of earlier dumps that it takes besides. Only the node can look into its directories, and
    /// does before it restores: they are left out.
    var volumeNeeds: [VolumeNeed] {
        var needs = configurations.flatMap(\.volumesWithDumps).map {
            VolumeNeed(volume: $0, run: $0.run ?? run, what: "")
        }
        for (dump, base) in bases {
            let what = "level \(base.level) of '\(dump.disk)' of run \(base.run): "
            needs += base.volumes.map { VolumeNeed(volume: $0, run: $0.run ?? base.writtenRun, what: what) }
        }
        return needs.filter { $0.volume.directory == nil }
    }

    /// Every file of every dump in a bucket, those of lower levels included. An impossible place is the restore's to refuse.
    var fileNeeds: [FileNeed] {
        func needs(
            _ disk: String, _ level: Int, _ run: RunName, _ volumes: [VolumeRecord],
            _ places: [(label: String, file: Int, byteCount: Int64?)]
        ) -> [FileNeed] {
            places.compactMap { label, file, byteCount in
                guard let volume = volumes.first(where: { $0.label == label }), volume.directory == nil,
                    let number = UInt32(exactly: file)
                else { return nil }
                return FileNeed(
                    volume: volume, fileNumber: number, byteCount: byteCount,
                    what: "level \(level) of '\(disk)' of run \(run)")
            }
        }
        let own = configurations.flatMap { configuration in
            configuration.dumps.filter(\.status.isUsable).flatMap { dump in
                needs(
                    dump.disk, dump.level, run, configuration.volumes,
                    dump.parts.map { ($0.label, $0.fileNumber, $0.byteCount) })
            }
        }
        return own
            + bases.flatMap { dump, base in
                needs(
                    dump.disk, base.level, base.run, base.volumes,
                    base.parts.map { ($0.label, $0.fileNumber, $0.byteCount) })
            }
    }

    private var bases: [(DumpRecord, DumpBaseRecord)] {
        configurations.flatMap(\.dumps).filter { $0.status.isUsable || $0.status == .skipped }.flatMap {
            dump in
            (dump.bases ?? []).map { (dump, $0) }
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
