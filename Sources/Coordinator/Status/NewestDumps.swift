// SPDX-License-Identifier: Apache-2.0

import AgentAPI

/// Finds each disk's newest dump in records that come newest first.
struct NewestDumps {
    private struct Disk: Hashable {
        let configuration: String
        let host: String
        let disk: String
    }

    /// Configurations of which no whole record has been seen yet.
    private var wanted: Set<String>
    private var seen: Set<Disk> = []
    /// Of which no dump has been seen yet.
    private(set) var undumped: Set<String>
    /// False where a record could not be read: what was not seen may be in it.
    var isSure = true

    init(of configurations: Set<String>) {
        wanted = configurations
        undumped = configurations
    }

    /// Older records have nothing to say of a disk that is still dumped.
    var isComplete: Bool { wanted.isEmpty }

    mutating func suspects(in record: NodeRecord) -> [BucketFacts.Suspect] {
        var suspects: [BucketFacts.Suspect] = []
        for configuration in record.configurations where wanted.contains(configuration.name) {
            for dump in configuration.dumps where dump.isMade {
                undumped.remove(configuration.name)
                let disk = Disk(configuration: configuration.name, host: dump.host, disk: dump.disk)
                guard seen.insert(disk).inserted, dump.isSuspect else { continue }
                suspects.append(.init(run: record.run, configuration: configuration.name, dump: dump))
            }
            let isWhole = !configuration.dumps.isEmpty && configuration.dumps.allSatisfy(\.isMade)
            if isWhole { wanted.remove(configuration.name) }
        }
        return suspects
    }
}
