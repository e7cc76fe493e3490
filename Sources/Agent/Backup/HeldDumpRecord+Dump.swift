// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import AmandaFormat

extension HeldDumpRecord {
    /// What a node's record and its status say of a held dump.
    init(_ held: HeldDump) {
        self.init(
            run: held.header.datestamp, host: held.header.host, disk: held.header.disk,
            level: held.header.level,
            chunks: held.chunks.map { .init(path: $0.path, byteCount: $0.dataByteCount) }, fault: held.fault)
    }
}
