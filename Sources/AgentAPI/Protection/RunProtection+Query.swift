// SPDX-License-Identifier: Apache-2.0

import AmandaFormat

/// As items of a query: `protect=RUN,REASON` a run, and behind it `volume=DATESTAMP,CONFIGURATION/LABEL` a volume of it.
///
/// A configuration's name has no `/`. More volumes than `volumeLimit` do not fit into a request's line: the runs then stand alone,
/// and every volume that bears one of them counts.
extension RunProtection {
    static let volumeLimit = 400

    var queryItems: [(String, String)] {
        let count = runs.reduce(0) { $0 + ($1.volumes?.count ?? 0) }
        return runs.flatMap { run in
            let volumes = count > Self.volumeLimit ? nil : run.volumes
            // An empty list is not the same as none.
            let none = volumes?.isEmpty == true ? ",none" : ""
            return [("protect", "\(run.run),\(run.reason.rawValue)\(none)")]
                + (volumes ?? []).map { ("volume", "\($0.run),\($0.configuration)/\($0.label)") }
        }
    }

    /// - Returns: nil where none is named.
    init?(queryItems items: [(name: String, value: String)]) {
        var runs: [ProtectedRun] = []
        for item in items {
            let words = item.value.split(separator: ",", maxSplits: 1).map(String.init)
            guard words.count == 2, let run = RunName(words[0]) else { continue }
            if item.name == "protect" {
                let rest = words[1].split(separator: ",")
                let reason = rest.first.flatMap { ProtectedRun.Reason(rawValue: String($0)) } ?? .set
                runs.append(ProtectedRun(run: run, reason: reason, volumes: rest.count > 1 ? [] : nil))
            } else if item.name == "volume", let slash = words[1].firstIndex(of: "/"),
                let last = runs.indices.last
            {
                let volume = ProtectedVolume(
                    configuration: String(words[1][..<slash]),
                    label: String(words[1][words[1].index(after: slash)...]), run: run)
                runs[last].volumes = (runs[last].volumes ?? []) + [volume]
            }
        }
        if runs.isEmpty { return nil }
        self.init(runs: runs)
    }
}
