// SPDX-License-Identifier: Apache-2.0

/// How many sentences one thing may have: whoever writes them and whoever reads them keeps to it.
extension NodeRecord {
    /// Notes of a configuration, or of a dump, at most.
    public static let noteLimit = 200

    /// Names and patterns of all selections, and their bytes: a reader takes no document of more values, or longer.
    static let selectedNameLimit = 400_000
    static let selectedByteCountLimit = 16 << 20

    /// The same with no more notes than that, each of a bounded length; the last says how many are left out. Selections that together
    /// are too long for a reader are left out, the later ones first.
    public var bounded: NodeRecord {
        var record = self
        var selected = (names: 0, bytes: 0)
        for index in record.configurations.indices {
            let configuration = record.configurations[index]
            if configuration.notes.count > Self.noteLimit {
                record.configurations[index].remarks = Self.bounded(configuration.remarks) { Remark($0) }
            }
            for dump in configuration.dumps.indices {
                record.configurations[index].dumps[dump].bound(&selected)
                let notes = Self.bounded(
                    record.configurations[index].dumps[dump].notes.map(ClaimText.bounded)
                ) { $0 }
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
        // One more is what an earlier look has left: its last says how many there were.
        guard items.count > limit + 1 else { return items }
        return items.prefix(limit) + [more("and \(items.count - limit) more")]
    }
}

extension DumpRecord {
    /// Takes its selection away where there is no room for it beside those before.
    fileprivate mutating func bound(_ selected: inout (names: Int, bytes: Int)) {
        guard let texts = selection.map({ ($0.included ?? []) + ($0.excluded ?? []) }) else { return }
        let (names, bytes) = (
            selected.names + texts.count, selected.bytes + texts.reduce(0) { $0 + $1.utf8.count }
        )
        if names <= NodeRecord.selectedNameLimit, bytes <= NodeRecord.selectedByteCountLimit {
            selected = (names, bytes)
            return
        }
        selection = nil
        notes.append(
            "the \(texts.count) names that its include and exclude have are too many to be kept beside those of other disks: what is "
                + "deleted of them comes back when an increment is restored")
    }
}

extension [WireError] {
    /// Reasons of one thing, at most: more have one cause, such as a file that is something else.
    public static var reasonLimit: Int { 100 }

    /// The first of many, and how many more there were; the last is of the kind that makes a configuration unusable if any that is left
    /// out is.
    public var bounded: [WireError] {
        let rest = dropFirst(Self.reasonLimit)
        guard rest.count > 1, let other = rest.first(where: { $0.kind == .configuration }) ?? rest.first
        else { return self }
        return NodeRecord.bounded(self, to: Self.reasonLimit) {
            WireError(other.kind, node: other.node, "\($0) reasons")
        }
    }
}

extension ConfigurationStatus {
    /// The same with a bounded number of reasons, of remarks and of paths that are told.
    public var bounded: ConfigurationStatus {
        var status = with(faults.bounded)
        status.diskErrors = diskErrors?.bounded
        status.restoreErrors = restoreErrors?.bounded
        if allRemarks.count > NodeRecord.noteLimit {
            status.allRemarks = NodeRecord.bounded(allRemarks) { Remark($0) }
        }
        status.unknownVolumes = unknownVolumes.map { NodeRecord.bounded($0) { Remark($0) } }
        status.outsideSelfBackup = Array(outsideSelfBackup.prefix(NodeRecord.noteLimit))
        status.selfBackupHoles = selfBackupHoles.map { Array($0.prefix(NodeRecord.noteLimit)) }
        status.secretsReadable = Array(secretsReadable.prefix(NodeRecord.noteLimit))
        return status
    }
}
