// SPDX-License-Identifier: Apache-2.0

import AgentAPI

/// One more dump of a job's record, as it is added to `jobs/<id>.dumps` when its disk has ended.
///
/// The job's document, which grows with every dump, is written when the job or one of its configurations changes; a disk that ends
/// adds one line. After a crash the record is what the document says and these.
struct KeptDump: Codable, Sendable, Equatable {
    /// Lines of an earlier attempt do not count.
    var attempt: Int
    /// The configuration's name.
    var configuration: String
    /// The volumes of the configuration by then.
    var volumes: [VolumeRecord]
    var dump: DumpRecord
}

extension NodeRecord {
    /// With the dumps that were added since it was written.
    func adding(_ kept: [KeptDump]) -> NodeRecord {
        var record = self
        for line in kept where line.attempt == attempt {
            guard let index = record.configurations.firstIndex(where: { $0.name == line.configuration })
            else {
                continue
            }
            let dumps = record.configurations[index].dumps
            guard !dumps.contains(where: { $0.host == line.dump.host && $0.disk == line.dump.disk }) else {
                continue
            }
            record.configurations[index].dumps.append(line.dump)
            record.configurations[index].volumes = line.volumes
        }
        return record
    }
}
