// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import FoundationEssentials

/// Puts what a configuration's part of a run has come to where a restarted agent finds it.
struct RecordKeeper: Sendable {
    let reporter: JobReporter
    /// The node's record of the run without this configuration.
    let before: NodeRecord

    /// The part as a whole.
    func keep(_ part: ConfigurationRecord) async {
        await reporter.keep(before.adding(part))
    }

    /// The part with one more dump.
    func keep(_ part: ConfigurationRecord, with dump: DumpRecord) async {
        let kept = KeptDump(
            attempt: before.attempt, configuration: part.name, volumes: part.volumes, dump: dump)
        await reporter.keep(before.adding(part), with: kept)
    }
}

extension NodeRecord {
    /// With one more configuration, as of now.
    func adding(_ configuration: ConfigurationRecord) -> NodeRecord {
        var record = self
        record.configurations.append(configuration)
        record.finishedAt = Date()
        return record
    }
}
