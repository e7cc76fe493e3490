// SPDX-License-Identifier: Apache-2.0

import NearestName
import Testing

@Suite struct NearestNameTests {
    @Test func `finds the property behind a doubled letter`() {
        let known = ["NB_THREADS_RECOVERY", "NB_THREADS_BACKUP", "S3_SSL"]
        #expect(nearestName(to: "NB_THREADDS_BACKUP", among: known) == "NB_THREADS_BACKUP")
    }

    @Test func `counts a swap of neighbours as one edit`() {
        #expect(nearestName(to: "bukcet", among: ["basket", "bucket"]) == "bucket")
    }

    @Test func `takes case, dash and underscore as equal`() {
        #expect(nearestName(to: "dump-cycle", among: ["DUMP_CYCLE"]) == "DUMP_CYCLE")
    }

    @Test(arguments: ["zebra", "", "x"])
    func `offers nothing where nothing is near`(name: String) {
        #expect(nearestName(to: name, among: ["labelstr", "tapecycle"]) == nil)
    }

    @Test func `compares names of any length in bounded time`() {
        let long = String(repeating: "a", count: 1_000_000)
        #expect(nearestName(to: long, among: [long + "b"]) == long + "b")
    }
}
