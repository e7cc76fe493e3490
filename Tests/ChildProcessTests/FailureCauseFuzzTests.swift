// SPDX-License-Identifier: Apache-2.0

import ChildProcess
import TestSupport
import Testing

/// What gpg, openssl, tar and others have said when they failed, changed at random.
@Suite struct FailureCauseFuzzTests {
    private static let rounds = LongTests.areWanted ? 20_000 : 800

    private static let lines = [
        "gpg: decryption failed: No secret key", "gpg: WARNING: unsafe permissions on homedir '/x'",
        "tar: x: Cannot open: Permission denied", "tar: Exiting with failure status due to previous errors",
        "*** WARNING : deprecated key derivation used.", "bad decrypt",
        "139:error:1C800064:Provider routines:ossl_cipher_unpadblock:bad decrypt:../providers/x.c:129:",
        String(repeating: "x", count: 900), "\u{1B}[31mred\u{1B}[0m", "",
    ]

    @Test func `a cause is one bounded line that no terminal obeys`() {
        var generator = SeededGenerator(seed: 93)
        var causeCount = 0
        for _ in 0..<Self.rounds {
            let said = (0..<3).map { _ -> String in
                let line = Array((Self.lines.randomElement(using: &generator) ?? "").utf8)
                return String(decoding: ByteMutation.damaged(line, using: &generator), as: UTF8.self)
            }
            let text = said.joined(separator: Bool.random(using: &generator) ? "\n" : "\r\n")
            guard let cause = FailureCause(text).text else {
                #expect(!text.contains { !$0.isWhitespace && !$0.isNewline })
                continue
            }
            causeCount += 1
            #expect(cause.unicodeScalars.count <= 440)
            #expect(
                !cause.unicodeScalars.contains {
                    [.control, .format, .lineSeparator, .paragraphSeparator].contains(
                        $0.properties.generalCategory)
                })
        }
        #expect(causeCount > Self.rounds / 2)
    }
}
