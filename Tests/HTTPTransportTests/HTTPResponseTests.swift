// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import HTTPTransport

@Suite struct HTTPResponseTests {
    @Test func `the head of an interim answer is forgotten`() {
        var head = HTTPResponseHead()
        for line in ["HTTP/1.1 100 Continue\r\n", "X-Early: 1\r\n", "\r\n", "HTTP/1.1 206 Partial\r\n"] {
            head.take(line: line)
        }
        head.take(line: "ETag:\t \"a b\" \r\n")
        head.take(line: "\r\n")
        #expect(head.status == 206)
        #expect(head.header("etag") == "\"a b\"")
        #expect(head.header("x-early") == nil)
    }

    @Test(arguments: [
        ("Thu, 01 Jan 1970 00:00:00 GMT", 0), ("Mon, 23 Nov 2026 08:12:14 GMT", 1_795_421_534),
        ("Thu, 29 Feb 2024 23:59:59 GMT", 1_709_251_199),
    ])
    func `reads the date of HTTP`(text: String, seconds: Int64) {
        #expect(HTTPDate.secondsSince1970(text) == seconds)
    }

    @Test(arguments: [
        "", "now", "Mon, 23 Nov 2026 08:12:14 CET", "Mon, 23 Foo 2026 08:12:14 GMT",
        "Mon, 23 Nov 2026 08:12 GMT",
    ])
    func `refuses what is no date of HTTP`(text: String) {
        #expect(HTTPDate.secondsSince1970(text) == nil)
    }

    @Test func `silence is counted from the last byte that moved`() {
        var watch = StallWatch()
        let start = ContinuousClock.now
        let check = { (watch: inout StallWatch, bytes: Int64, second: Int, isExcused: Bool) in
            watch.isStalled(
                byteCount: bytes, isExcused: isExcused, now: start + .seconds(second), limit: .seconds(10))
        }
        #expect(!check(&watch, 0, 0, false))
        #expect(!check(&watch, 0, 9, false))
        #expect(!check(&watch, 1, 11, false))
        #expect(!check(&watch, 1, 20, false))
        #expect(!check(&watch, 1, 25, true))
        #expect(!check(&watch, 1, 34, false))
        #expect(check(&watch, 1, 35, false))
    }
}
