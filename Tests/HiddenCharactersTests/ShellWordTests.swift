// SPDX-License-Identifier: Apache-2.0

import Foundation
import HiddenCharacters
import Testing

/// Whoever pastes a command runs that command and no other.
@Suite struct ShellWordTests {
    @Test(arguments: [
        "/data", "", "a b", "a;reboot", "a'b", "'; rm -rf /; '", "$(id)", "`id`", "a\"b", "a\\", "*", "~root",
        "-x=1",
        "a\nb", "!x", "#x", "é/日本", "&&", "a>b",
    ])
    func `a shell reads it as one word`(text: String) throws {
        for word in [text.shellWord, text.shellQuoted] {
            let process = Process()
            let output = Pipe()
            process.executableURL = URL(fileURLWithPath: "/bin/sh")
            process.arguments = ["-c", "printf '%s|' x \(word)"]
            process.standardOutput = output
            try process.run()
            let said = output.fileHandleForReading.readDataToEndOfFile()
            process.waitUntilExit()
            #expect(String(decoding: said, as: UTF8.self) == "x|\(text)|")
        }
    }

    @Test func `what is plain stays as it is`() {
        #expect("/srv/data-1_x.y:z@h,+".shellWord == "/srv/data-1_x.y:z@h,+")
        #expect("/srv/data".shellQuoted == "'/srv/data'")
    }
}
