// SPDX-License-Identifier: Apache-2.0

public import AmandaFormat

/// A run that the bucket knows and this catalog does not, as far as it was proved: what of it is to be entered.
public struct RecoveredRun: Sendable, Equatable {
    /// A volume that bears the run.
    public struct Volume: Sendable, Equatable {
        public var label: String
        /// False where something lies there that could not be proved: neither program overwrites it until the operator says
        /// `amadmin reuse`.
        public var isReusable: Bool

        public init(label: String, isReusable: Bool) {
            self.label = label
            self.isReusable = isReusable
        }
    }

    /// A whole dump, every part of it proved.
    public struct Dump: Sendable, Equatable {
        public var logged: LoggedDump
        /// When its tar can have begun, in seconds since 1970; nil: nobody says.
        public var madeWithin: ClosedRange<Int64>?

        public init(_ logged: LoggedDump, madeWithin: ClosedRange<Int64>?) {
            self.logged = logged
            self.madeWithin = madeWithin
        }

        public var name: LogDumpName { logged.name }
        public var diskName: DiskName { DiskName(host: name.host, disk: name.disk) }
    }

    /// Its name, which the volumes bear.
    public var run: Datestamp
    /// In the order of the changer.
    public var volumes: [Volume]
    public var dumps: [Dump]

    public init(run: Datestamp, volumes: [Volume], dumps: [Dump]) {
        self.run = run
        self.volumes = volumes
        self.dumps = dumps
    }

    /// The lines of a log that tells of it, as amdump would have written them; what only the dead run knew is not there.
    ///
    /// - Parameter known: dumps that other logs of the run have.
    func logLines(_ location: CatalogLocation, besides known: Set<LogDumpName>) -> [LogLine] {
        let date = run.description
        let missing = dumps.filter { !known.contains($0.name) }
        let disks = Set(missing.map(\.diskName)).sorted { ($0.host, $0.disk) < ($1.host, $1.disk) }
        let place = LogPlace(storage: location.storage, pool: location.pool)
        var lines: [LogLine] = [.start(program: "planner", datestamp: date)]
        lines += disks.map { .disk(host: $0.host, disk: $0.disk) }
        lines += [
            .finish(program: "planner", datestamp: date, seconds: "0"),
            .start(program: "driver", datestamp: date),
            .note(kind: "INFO", program: "driver", text: "entered from what the volumes in the store bear"),
        ]
        for (index, volume) in volumes.enumerated() {
            lines.append(
                .startTaper(
                    LogVolume(
                        datestamp: date, storage: location.storage, pool: location.pool, label: volume.label,
                        number: index + 1)))
        }
        for dump in missing {
            let told = dump.logged.logLines(place)
            lines += told.untilVerdict + told.after
        }
        return lines + [.finish(program: "driver", datestamp: date, seconds: "0")]
    }

    /// Enters its volumes.
    func enter(in list: inout Tapelist, _ location: CatalogLocation) {
        for volume in volumes {
            var entry = list.entry(label: volume.label) ?? TapelistEntry(datestamp: run, label: volume.label)
            entry.datestampText = run.description
            entry.isReusable = entry.isReusable && volume.isReusable && !location.setsNoReuse
            list.set(location.owning(entry))
        }
    }
}

extension CatalogLocation {
    /// An entry of the tapelist as this configuration's own.
    func owning(_ entry: TapelistEntry) -> TapelistEntry {
        var entry = entry
        (entry.pool, entry.storage, entry.configuration) = (pool, storage, configuration)
        return entry
    }
}
