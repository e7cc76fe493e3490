// SPDX-License-Identifier: Apache-2.0

public import AmandaFormat

extension RetentionRules {
    /// The volumes that are kept, and by which rule.
    ///
    /// - Parameters:
    ///   - dumps: every whole dump that the catalog lists.
    ///   - run: the run that looks for a volume.
    public func kept(_ tapelist: Tapelist, _ dumps: [StoredDump], run: Datestamp) -> [String: String] {
        var kept: [String: String] = [:]
        func keep(_ labels: some Sequence<String>, _ rule: String) {
            for label in labels where kept[label] == nil { kept[label] = rule }
        }
        if let since = Self.since(days, run) {
            let young = tapelist.entries.filter { entry in entry.datestamp.map { $0 >= since } ?? false }
            keep(young.map(\.label), "retention-days \(days)")
        }
        if let since = Self.since(fullDays, run) {
            let fulls = dumps.filter { $0.level == 0 && $0.run >= since }
            keep(fulls.flatMap(\.labels), "retention-full \(fullDays)")
        }
        if let since = Self.since(recoverDays, run) {
            let disks = Dictionary(grouping: dumps, by: \.name).values
            keep(disks.flatMap { Self.needed($0, since: since) }, "retention-recover \(recoverDays)")
        }
        return kept
    }

    /// Of one disk: the chains of every dump since then, and of the one that was the newest at that moment.
    private static func needed(_ dumps: [StoredDump], since: Datestamp) -> Set<String> {
        let older = dumps.filter { $0.run < since }
        var labels = RestorableChain.newest(of: older)?.labels ?? []
        for dump in dumps where dump.run >= since {
            let until = dumps.filter { $0.run <= dump.run }
            labels.formUnion(RestorableChain.newest(of: until)?.labels ?? dump.labels)
        }
        return labels
    }

    private static func since(_ days: Int, _ run: Datestamp) -> Datestamp? {
        days > 0 ? Datestamp(localTimeOf: run.secondsOfLocalTime - Int64(days) * 86_400) : nil
    }
}
