// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import ArgumentParser
import Coordinator

struct WatchVerb: Verb {
    static let configuration = CommandConfiguration(
        commandName: "watch", abstract: "Join a run that goes on; complete it if its coordinator is gone.")

    @OptionGroup var common: CommonOptions

    @Argument(help: "The run (default: the newest that is running).")
    var run: String?

    @OptionGroup var lease: LeaseOptions

    func report() async throws -> any CommandReport {
        let name = try run.map { try RunName(argument: $0) }
        return try await withCluster { try await WatchCommand($0, isLeased: lease.isLeased).run(name) }
    }
}
