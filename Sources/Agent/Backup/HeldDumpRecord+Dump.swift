// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import AmandaFormat

extension HeldDumpRecord {
    /// What a node's record and its status say of a held dump; nil where its run has no name that a run can have.
    init?(_ held: HeldDump) {
        guard let run = RunName(held.header.datestamp.description) else { return nil }
        self.init(
            run: run, host: held.header.host, disk: held.header.disk, level: held.header.level,
            chunks: held.chunks.map { .init(path: $0.path, byteCount: $0.dataByteCount) }, fault: held.fault)
    }
}
