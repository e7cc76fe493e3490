// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import Files
import Testing

@testable import Agent

@Suite(.timeLimit(.minutes(2))) struct JobTableFaultTests {
    @Test func `a job that could not be written down does not hold the node`() async throws {
        let directory = try StateDirectory()
        let table = try directory.table()
        try FileSystem.makeDirectories("\(directory.path)/jobs/job-1.events")
        await #expect(throws: (any Error).self) { _ = try await table.accept(.sample()) }
        #expect(await table.runningJob == nil)
        #expect(try await table.accept(.sample(id: "job-2")).state == .accepted)
    }
}
