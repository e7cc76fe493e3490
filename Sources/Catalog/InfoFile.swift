// SPDX-License-Identifier: Apache-2.0

import AmandaFormat
import Files

/// `curinfo/HOST/DISK/info`: what Amanda's planner knows of a DLE. Kept so that stock amdump never builds an
/// increment on a full dump that we have overwritten.
struct InfoFile {
    let location: CatalogLocation

    /// Enters a dump that is whole.
    func record(_ record: DumpRecord, volume: LogVolume, date: Int64) throws {
        let header = record.header
        let directory = location.diskDirectory(
            in: location.infoDirectory, host: header.host, disk: header.disk)
        try FileSystem.makeDirectories(directory, mode: 0o755, owner: location.owner)
        let path = directory + "/info"
        var info = Info()
        if FileSystem.exists(path),
            let found = Info(parsing: String(amandaBytes: try FileSystem.readAll(path)))
        {
            info = found
        }
        let storedKiB = record.storedByteCount >> 10
        info.record(
            .init(
                level: header.level, originalKiB: header.originalKiB ?? storedKiB, storedKiB: storedKiB,
                seconds: Int64(record.seconds), date: date, fileNumber: record.parts.first?.fileNumber ?? 0,
                label: volume.label),
            isCompressed: header.compressionSuffix != nil)
        try FileSystem.writeAtomically(path, info.text.amandaBytes, mode: 0o600, owner: location.owner)
    }
}
