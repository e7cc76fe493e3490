// SPDX-License-Identifier: Apache-2.0

import Secret
import Testing

@Suite struct SecretTests {
    @Test func `never shows its plaintext`() {
        let secret = Secret("hunter2")
        var dumped = ""
        dump(secret, to: &dumped)
        for text in ["\(secret)", String(reflecting: secret), String(describing: [secret]), dumped] {
            #expect(!text.contains("hunter2"))
        }
        #expect("\(secret)" == "<secret>")
    }

    @Test func `equals by plaintext`() {
        #expect(Secret("a") == Secret("a"))
        #expect(Secret("a") != Secret("b"))
        #expect(Secret("a").plaintext == "a")
    }
}
