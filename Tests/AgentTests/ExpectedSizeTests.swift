// SPDX-License-Identifier: Apache-2.0

import Files
import Testing

@testable import Agent

@Suite(.timeLimit(.minutes(1))) struct ExpectedSizeTests {
    @Test func `counts a record for every name, and files rounded up to records`() async throws {
        let state = try StateDirectory()
        try FileSystem.makeDirectories("\(state.path)/tree/a/b")
        try FileSystem.writeAtomically("\(state.path)/tree/a/b/one", Array(repeating: 1, count: 513))
        try FileSystem.writeAtomically("\(state.path)/tree/empty", [])
        try FileSystem.makeSymbolicLink("\(state.path)/tree/up", to: "..")
        #expect(await ExpectedSize.bytes(under: "\(state.path)/tree") == 5 * 512 + 1024)
        #expect(await ExpectedSize.bytes(under: "\(state.path)/none") == nil)
    }

    @Test func `a walk ends with its task, however large a directory is`() async {
        let task = Task { await ExpectedSize.bytes(under: "/proc/self/task") }
        task.cancel()
        #expect(await task.value == nil)
    }
}
