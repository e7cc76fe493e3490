// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import S3

@Suite struct PercentEncodingTests {
    @Test func `keeps what RFC 3986 leaves unreserved and encodes every other byte`() {
        #expect(PercentEncoding.encoded("AZaz09-._~") == "AZaz09-._~")
        #expect(PercentEncoding.encoded("a b+c/é%\u{1}") == "a%20b%2Bc%2F%C3%A9%25%01")
    }

    @Test func `keeps the slashes of a key, doubled and leading ones too`() {
        #expect(PercentEncoding.path("/a//b c") == "/a//b%20c")
    }

    @Test func `reads back what stores write into listings`() {
        #expect(PercentEncoding.decoded("a+b%2Bc%C3%A9%25%01%0a") == "a b+cé%\u{1}\n")
    }

    @Test(arguments: ["%", "%2", "%zz", "a%C3", "%-1"])
    func `refuses what is not encoded text`(text: String) {
        #expect(PercentEncoding.decoded(text) == nil)
    }

    @Test func `every byte of a key survives both ways`() {
        let key = String(decoding: Array(1...127), as: UTF8.self) + "äöü€😀"
        #expect(PercentEncoding.decoded(PercentEncoding.encoded(key)) == key)
    }
}
