// SPDX-License-Identifier: Apache-2.0

public import AmandaFormat
import Files
public import Planning

/// What the planner asks of the catalog.
extension CatalogReader {
    /// Every dump that can be restored, with the volumes that hold its parts.
    public func storedDumps() throws -> [StoredDump] {
        try dumps().filter(\.isWhole).map(StoredDump.init)
    }

    /// Labels that volumes may still bear though the tapelist has no run for them: of those that a run gave up and then did not
    /// enter anew, and of that run itself, which died before it did. Reads every log, so that it grows with all that ever were.
    public func givenUpVolumes() throws -> Set<VolumeHeader> {
        var found: Set<VolumeHeader> = []
        let logs = try logs(in: "\(location.logDirectory)/oldlog") + logs(in: location.logDirectory)
        for (run, logs) in Dictionary(grouping: logs, by: \.run) {
            let summaries = try logs.map { RunLogSummary(volumesOf: try FileSystem.readAll($0.path)) }
            let written = Set(summaries.flatMap(\.volumes).map(\.label))
            for volume in summaries.flatMap(\.givenUp) where !written.contains(volume.label) {
                found.insert(volume)
                found.insert(VolumeHeader(datestamp: run, label: volume.label))
            }
        }
        return found.filter { $0.datestamp != nil }
    }
}

extension StoredDump {
    /// A whole dump of the catalog, as the planner sees it.
    public init(_ dump: CatalogDump) {
        self.init(
            name: DiskName(host: dump.name.host, disk: dump.name.disk), level: dump.name.level,
            run: Datestamp(dump.name.datestamp) ?? dump.run, labels: Set(dump.parts.map(\.label)))
    }
}
