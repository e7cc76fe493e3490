// SPDX-License-Identifier: Apache-2.0

import AmandaFormat
import Files

/// `curinfo/HOST/DISK/info`: what Amanda's planner knows of a DLE. Kept so that stock amdump never builds an
/// increment on a full dump that we have overwritten.
struct InfoFile {
    let location: CatalogLocation

    /// Enters a dump that is whole, unless its DLE keeps no record (`record no`).
    ///
    /// A dump from a holding disk is known already: it only gets its place, if it is still the newest of its level.
    /// Source: Amanda 3.5.1 `server-src/driverio.c`, `update_info_dumper`, `update_info_taper`.
    func record(_ record: LoggedDump) throws {
        guard record.isRemembered else { return }
        try update(host: record.header.host, disk: record.header.disk) { info in
            let date = record.header.datestamp.secondsOfLocalTime
            let place = record.parts.first
            if record.way == .flushed {
                info.place(
                    level: record.header.level, date: date, fileNumber: place?.fileNumber, label: place?.label
                )
                return
            }
            info.record(record.statistics, isCompressed: record.header.compressionSuffix != nil)
        }
    }

    /// Replaces all that is known of a disk.
    func write(_ info: Info, of name: DiskName) throws {
        try update(host: name.host, disk: name.disk) { $0 = info }
    }

    /// Nil for a disk that was never dumped, and for a damaged file, which stock Amanda takes for none too.
    func read(host: String, disk: String) throws -> Info? {
        let path = location.diskDirectory(in: location.infoDirectory, host: host, disk: disk) + "/info"
        guard try FileSystem.isPresent(path) else { return nil }
        return Info(parsing: String(amandaBytes: try FileSystem.readAll(path)))
    }

    private func update(host: String, disk: String, _ change: (inout Info) -> Void) throws {
        let directory = location.diskDirectory(in: location.infoDirectory, host: host, disk: disk)
        try FileSystem.makeDirectories(directory, mode: 0o755, by: location.owner)
        var info = try read(host: host, disk: disk) ?? Info()
        change(&info)
        try FileSystem.writeAtomically(
            directory + "/info", info.text.amandaBytes, mode: 0o600, by: location.owner)
    }
}

extension LoggedDump {
    /// A header without a DLE says nothing against it.
    var isRemembered: Bool {
        guard let text = header.dleText, let dle = try? DLEDescription(parsing: text) else { return true }
        return dle.isRecorded
    }

    /// What the planner remembers of it.
    var statistics: Info.LevelStatistics {
        let storedKiB = storedByteCount >> 10
        return .init(
            level: header.level, originalKiB: header.originalKiB ?? storedKiB, storedKiB: storedKiB,
            seconds: Int64(seconds), date: header.datestamp.secondsOfLocalTime,
            fileNumber: parts.first?.fileNumber, label: parts.first?.label)
    }
}
