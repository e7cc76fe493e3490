// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import S3

@Suite struct S3ObjectExpiryTests {
    @Test func `date and rule are read as AWS writes them`() {
        let found = S3ObjectExpiry(
            header: "expiry-date=\"Fri, 21 Dec 2012 00:00:00 GMT\", rule-id=\"old%20backups\"")
        #expect(found == S3ObjectExpiry(time: 1_356_048_000, rule: "old%20backups"))
        #expect(
            S3ObjectExpiry(header: "expiry-date=\"Fri, 21 Dec 2012 00:00:00 GMT\"")
                == S3ObjectExpiry(time: 1_356_048_000, rule: ""))
    }

    @Test(arguments: ["", "rule-id=\"x\"", "expiry-date=\"soon\", rule-id=\"x\"", "expiry-date="])
    func `without a date it is none`(header: String) {
        #expect(S3ObjectExpiry(header: header) == nil)
    }
}
