// SPDX-License-Identifier: Apache-2.0

import ChildProcess
import TestSupport
import Testing

@Suite struct FailureCauseTests {
    /// What these programs have said, as it stands.
    @Test(arguments: [
        (
            "tar: ./a: file changed as we read it\ntar: ./b: Cannot open: Permission denied\ntar: ./c: Cannot open: "
                + "Permission denied\ntar: Exiting with failure status due to previous errors",
            "tar: ./b: Cannot open: Permission denied (and 1 more message)"
        ),
        (
            "tar: .: Directory is new\ntar: /s/snapshot: Cannot write: No space left on device\ntar: /s/snapshot: Cannot "
                + "close: No space left on device\ntar: Exiting with failure status due to previous errors",
            "tar: /s/snapshot: Cannot write: No space left on device (and 1 more message)"
        ),
        (
            "tar: /l: No such file or directory\ntar: Error is not recoverable: exiting now",
            "tar: /l: No such file or directory"
        ),
        ("tar: ./x: file changed as we read it", "tar: ./x: file changed as we read it"),
        (
            "gpg: encrypted with rsa3072 key, ID 0123, created 2026-01-01\ngpg: decryption failed: No secret key\n",
            "gpg: decryption failed: No secret key (and 1 more message)"
        ),
        (
            "*** WARNING : deprecated key derivation used.\nUsing -iter or -pbkdf2 would be better.\nbad decrypt\n4017: error",
            "bad decrypt (and 1 more message)"
        ),
        ("gzip: stdin: unexpected end of file", "gzip: stdin: unexpected end of file"),
        ("one\ntwo\nthree\n", "one (and 2 more messages)"), ("\n  \n", nil), ("", nil),
    ]) func `the first line that tells why is the cause`(text: String, cause: String?) {
        #expect(FailureCause(text).text == cause)
    }

    @Test func `a cause is clean and short, and keeps its end, where the reason stands`() throws {
        let long = "tar: ./\(String(repeating: "x", count: 4_000)): Cannot open: Permission denied"
        let text = try #require(FailureCause(long).text)
        #expect(text.count <= 401 && text.hasSuffix("xx: Cannot open: Permission denied"))
        #expect(FailureCause("cannot\u{1B}[31m \u{202E}read\u{200B}").text == "cannot?[31m ?read?")
    }

    @Test func `the first messages of a program are kept, however many follow`() async throws {
        let child = try await ChildProcess.begin(
            ChildCommand(
                "/bin/sh",
                [
                    "-c",
                    "echo 'x: Cannot open: the cause' >&2; yes 'a line that follows' | head -n 40000 >&2; echo end >&2",
                ]))
        #expect(await child.exit() == .status(0))
        #expect(
            child.keptMessages.hasPrefix("x: Cannot open: the cause\n")
                && child.keptMessages.hasSuffix("end\n"))
        #expect(child.keptMessages.utf8.count <= 8_192 + 65_536 + 1)
        #expect(FailureCause(child.keptMessages).text?.hasPrefix("x: Cannot open: the cause (and ") == true)
    }
}
