// SPDX-License-Identifier: Apache-2.0

/// How many sentences one thing may have: whoever writes them and whoever reads them keeps to it.
extension NodeRecord {
    /// Notes of a configuration, or of a dump, at most.
    public static let noteLimit = 200

    /// The same with no more notes than that, each of a bounded length; the last says how many are left out.
    public var bounded: NodeRecord {
        var record = self
        for index in record.configurations.indices {
            let configuration = record.configurations[index]
            if configuration.notes.count > Self.noteLimit {
                record.configurations[index].remarks = Self.bounded(configuration.remarks) { Remark($0) }
            }
            for dump in configuration.dumps.indices {
                let notes = Self.bounded(configuration.dumps[dump].notes.map(ClaimText.bounded)) { $0 }
                let strange = Self.bounded(configuration.dumps[dump].strange.map(ClaimText.bounded)) { $0 }
                record.configurations[index].dumps[dump].notes = notes
                record.configurations[index].dumps[dump].strange = strange
            }
        }
        return record
    }

    /// The first of many, and how many more there were.
    public static func bounded<Item>(
        _ items: [Item], to limit: Int = noteLimit, saying more: (String) -> Item
    ) -> [Item] {
        guard items.count > limit else { return items }
        return items.prefix(limit) + [more("and \(items.count - limit) more")]
    }
}
