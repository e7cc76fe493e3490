// SPDX-License-Identifier: Apache-2.0

import Faults
import Testing

@testable import AmandaFormat

/// Long files take as much longer as they are longer; a copy of what was read so far, for each line, takes many minutes here.
@Suite(.timeLimit(.minutes(1))) struct ConfigGrowthTests {
    @Test func `a hundred thousand lines that set a global parameter`() throws {
        let text = String(repeating: "dumpcycle 7 days\n", count: 100_000)
        let read = try configuration(text)
        #expect(read.document.global.ownParameters.count == 100_000)
    }

    @Test func `twenty thousand lines that are out of place`() {
        let text = "define dumptype a {\n" + String(repeating: "logdir \"x\"\n", count: 20_000) + "}\n"
        let error = #expect(throws: ConfigurationError.self) { _ = try configuration(text) }
        #expect(error?.list.isEmpty == false)
    }

    @Test func `a hundred thousand disks of one host`() {
        var names = DisklistNames()
        var refusedCount = 0
        for number in 0..<100_000 {
            let place = FaultPlace(file: "/etc/amanda/test/disklist", line: number)
            if names.add(host: "localhost", disk: "/data/\(number)", place) != nil { refusedCount += 1 }
        }
        #expect(refusedCount == 0)
        let again = names.add(host: "localhost", disk: "/data/7", FaultPlace(line: 1))
        #expect(again?.what == "localhost /data/7 stands twice, first at /etc/amanda/test/disklist:7")
        let other = names.add(host: "LOCALHOST", disk: "/other", FaultPlace(line: 2))
        #expect(other?.what.hasPrefix("host 'LOCALHOST' is written 'localhost' at ") == true)
    }
}
