// SPDX-License-Identifier: Apache-2.0

import AmandaFormat
public import Planning

/// What the planner asks of the catalog.
extension CatalogReader {
    /// Every dump that can be restored, with the volumes that hold its parts.
    public func storedDumps() throws -> [StoredDump] {
        try dumps().filter(\.isWhole).map(StoredDump.init)
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
