// SPDX-License-Identifier: Apache-2.0

import BlockingWork
import ChildProcess
import Foundation
import TestSupport
import Testing

@Suite(.serialized, .enabled(if: HungMount.isUsable), .timeLimit(.minutes(5))) struct StuckChildTests {
    @Test func `a child that cannot be killed is given up, and reaped when it ends`() async throws {
        let directory = try TemporaryDirectory()
        let (point, backing) = (directory.path("point"), directory.path("backing"))
        for path in [point, backing] {
            try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        }
        try directory.write("backing/file", "text")
        let mount = try await HungMount(at: point, showing: backing)
        try await mount.hang(on: "file")
        var command = ChildCommand("/bin/cat", ["\(point)/file"])
        command.touches = point
        let child = try await ChildProcess.begin(command)
        try await mount.keepsSomebody()
        child.terminate(grace: .milliseconds(100))
        #expect(await child.exit() == .stuck)
        #expect(Hangs.at(point)?.count == 1)
        await #expect(throws: HangFault.self) {
            try await runBlocking("another", asking: [point], .limit(.milliseconds(1))) {}
        }

        try await mount.answer()
        while Hangs.at(point) != nil { try await Task.sleep(for: .milliseconds(10)) }
        #expect(await child.exit() != .stuck)
        #expect(!FileManager.default.fileExists(atPath: "/proc/\(child.processID)"))
        await mount.end()
    }
}
