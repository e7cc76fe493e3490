// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import AmandaFormat
import Catalog
import Planning

/// By what the next dumps of a configuration's disks are judged, and which of its dumps are suspect: out of this node's records in the bucket.
///
/// A record says by what it was judged, so that the newest of a disk is mostly enough: see `take`.
struct KnownMeasures: Sendable {
    /// One disk, as far as records have been read, newest first.
    struct Disk: Sendable, Equatable {
        var measures = DumpMeasures()
        /// Dumps after this run, through `suspectThrough`, are suspect; nil: the disk had none that is plausible.
        var suspectAfter: RunName?
        /// The newest suspect dump, where the disk's newest dump is suspect.
        var suspectThrough: RunName?
        /// The lowest level of these dumps.
        var suspectLevel: Int?
        fileprivate var isSeen = false
        /// Older records say nothing more.
        fileprivate(set) var isSettled = false
    }

    private(set) var disks: [DiskName: Disk]

    init(_ disks: [DiskName] = []) {
        self.disks = Dictionary(disks.map { ($0, Disk()) }, uniquingKeysWith: { first, _ in first })
    }

    var isSettled: Bool { disks.values.allSatisfy(\.isSettled) }

    func disk(_ name: DiskName) -> Disk { disks[name] ?? Disk() }

    func isSuspect(_ name: DiskName, run: RunName) -> Bool {
        guard let disk = disks[name], let through = disk.suspectThrough, run <= through else { return false }
        return disk.suspectAfter.map { run > $0 } ?? true
    }

    /// The next older record of the configuration.
    mutating func take(_ record: ConfigurationRecord, of run: RunName) {
        for dump in record.dumps where dump.isMade {
            let name = DiskName(host: dump.host, disk: dump.disk)
            guard let disk = disks[name], !disk.isSettled else { continue }
            disks[name] = disk.taking(dump, of: run)
        }
    }

    /// With what only the catalog knows: full dumps that stock Amanda made since.
    func adding(_ history: DumpHistory, _ plausibility: (DiskName) -> Plausibility) -> KnownMeasures {
        var known = self
        for (name, disk) in disks {
            let full = history.dumps(of: name).first { $0.name.level == 0 && $0.wasWhole }
            guard let full, let run = Datestamp(full.name.datestamp), let size = full.originalKiB,
                disk.measures.full.map({ $0.run < run }) ?? true, !isSuspect(name, run: run)
            else { continue }
            let measure = DumpMeasure(run: run, level: 0, bytes: size.bytesOfKibibytes)
            known.disks[name] = disk.taking(measure, plausibility(name))
        }
        return known
    }
}

extension KnownMeasures.Disk {
    fileprivate func taking(_ dump: DumpRecord, of run: RunName) -> KnownMeasures.Disk {
        var disk = self
        if let after = disk.suspectAfter, run <= after {
            disk.isSettled = true
        } else if dump.isSuspect, !isSeen || suspectThrough != nil {
            disk.suspectThrough = suspectThrough ?? run
            disk.suspectLevel = min(suspectLevel ?? dump.level, dump.level)
            if !isSeen {
                disk.measures = dump.measures(of: run)
                disk.suspectAfter = disk.measures.newest?.run
            }
        } else if !isSeen || suspectThrough != nil {
            // The newest, or one below suspect ones that is plausible or was accepted since.
            if suspectThrough != nil { disk.suspectAfter = run }
            disk.measures = dump.measures(of: run)
            disk.isSettled = disk.measures.full != nil
        } else if dump.level == 0, !dump.isSuspect {
            disk.measures.full = dump.measure(of: run)
            disk.isSettled = true
        }
        disk.isSeen = true
        return disk
    }

    /// A full dump of which the catalog knows the size alone, newer than the measure.
    fileprivate func taking(_ full: DumpMeasure, _ plausibility: Plausibility) -> KnownMeasures.Disk {
        var disk = self
        if plausibility.fault(of: full, after: measures) != nil {
            disk.suspectAfter = suspectThrough == nil ? measures.newest?.run : suspectAfter
            disk.suspectThrough = full.run
            disk.suspectLevel = 0
        } else if measures.newest.map({ $0.run < full.run }) ?? true {
            disk = KnownMeasures.Disk()
            disk.measures = DumpMeasures(full: full, newest: full)
            // Whether it is mounted has not changed by that.
            disk.measures.newest?.isMountPoint = measures.newest?.isMountPoint
            disk.measures.newest?.holes = measures.newest?.holes
        } else {
            disk.measures.full = full
        }
        return disk
    }
}
