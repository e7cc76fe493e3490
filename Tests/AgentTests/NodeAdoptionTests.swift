// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import Files
import Testing

@testable import Agent

@Suite(.timeLimit(.minutes(1))) struct NodeAdoptionTests {
    @Test func `where nothing could be read nobody says that every host name is right`() async throws {
        let state = try StateDirectory()
        let adoption = NodeAdoption(node: "node01", amandaDirectory: state.path, isDryRun: true)
        let none = try await adoption.run()
        #expect(none.lines.isEmpty)
        #expect(none.faults.map(\.message) == ["no configuration lies in '\(state.path)'"])
        try FileSystem.makeDirectories("\(state.path)/data")
        try FileSystem.writeAtomically("\(state.path)/data/amanda.conf", Array("dumpcycle banana\n".utf8))
        let broken = try await adoption.run()
        #expect(broken.lines.isEmpty)
        #expect(broken.faults.contains { $0.message.hasPrefix("data: ") }, "\(broken.faults)")
    }
}
