// SPDX-License-Identifier: Apache-2.0

import Digest
import Testing

@Suite struct DigestTests {
    // Source: FIPS 180-4 and RFC 1321 examples, RFC 4231 test cases 2 and 6.
    @Test func `SHA-256 and MD5 give their published examples`() {
        #expect(
            SHA256.digest(Array("abc".utf8)).hexadecimal
                == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
        #expect(
            SHA256.digest([]).hexadecimal
                == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
        #expect(MD5.digest(Array("abc".utf8)).hexadecimal == "900150983cd24fb0d6963f7d28e17f72")
    }

    @Test func `HMAC-SHA-256 gives its published examples`() {
        #expect(
            HMACSHA256.code(key: Array("Jefe".utf8), message: Array("what do ya want for nothing?".utf8))
                .hexadecimal
                == "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843")
        #expect(
            HMACSHA256.code(
                key: [UInt8](repeating: 0xaa, count: 131),
                message: Array("Test Using Larger Than Block-Size Key - Hash Key First".utf8)
            ).hexadecimal == "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54")
        #expect(
            HMACSHA256.code(key: [], message: []).hexadecimal
                == "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad")
    }

    // Source: RFC 3720 appendix B.4.
    @Test func `CRC-32C gives its published examples, whole or in pieces`() {
        var whole = CRC32C()
        whole.update([UInt8](repeating: 0, count: 32))
        #expect(whole.value == 0x8a91_36aa)
        var pieces = CRC32C()
        pieces.update([UInt8](0..<7))
        pieces.update([])
        pieces.update([UInt8](7..<32))
        #expect(pieces.value == 0x46dd_794e)
        #expect(CRC32C().value == 0)
    }

    @Test(arguments: [
        ("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foobar", "Zm9vYmFy"),
    ])
    func `base64 there and back`(plain: String, encoded: String) {
        #expect(Array(plain.utf8).base64 == encoded)
        #expect([UInt8](base64: encoded) == Array(plain.utf8))
    }

    @Test(arguments: ["Zg", "Zg=", "Z===", "Zm9v\n", " Zm9v", "Zm-v", "=m9v"])
    func `refuses what is not base64`(text: String) {
        #expect([UInt8](base64: text) == nil)
    }
}
