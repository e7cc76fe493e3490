// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import Testing

@Suite struct QuantityTests {
    @Test(arguments: [
        (0, "0 B"), (1023, "1023 B"), (1024, "1.0 KiB"), (1_572_864, "1.5 MiB"), (1 << 40, "1.0 TiB"),
        (1_099_511_627_775, "1024.0 GiB"),
    ])
    func `writes sizes in binary units`(count: Int64, text: String) {
        #expect(Quantity.bytes(count) == text)
    }

    @Test(arguments: [
        (0.4, "0 s"), (59, "59 s"), (61, "1 min 01 s"), (3725, "1 h 02 min"), (90_000, "1 d 1 h"),
    ])
    func `writes times in two units`(seconds: Double, text: String) {
        #expect(Quantity.duration(seconds: seconds) == text)
    }

    @Test func `counts in the singular where it is one`() {
        #expect(Quantity.count(1, "message") == "1 message")
        #expect(Quantity.count(2, "message") == "2 messages")
    }
}
