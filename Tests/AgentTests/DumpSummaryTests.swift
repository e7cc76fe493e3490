// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import AmandaFormat
import Testing

@testable import Agent

@Suite struct DumpSummaryTests {
    @Test func `a finished disk says its sizes and time as people read them`() {
        var dump = DumpRecord(
            host: "localhost", disk: "/data", device: "/data", level: 0, status: .ok, compression: .gzip,
            native: .init(byteCount: 69_271_552),
            parts: [
                DumpPart(
                    label: "vertica-01", fileNumber: 1, headerKey: "h", dataKey: "d",
                    byteCount: 26_306_337, proof: .checksum)
            ], seconds: 1.2)
        #expect(dump.summary == "done, 66.1 MiB as 25.1 MiB in 1 s")
        dump.status = .strange
        dump.strange = ["? tar: file changed as we read it"]
        #expect(dump.summary == "done with 1 message, 66.1 MiB as 25.1 MiB in 1 s")
    }
}
