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

    @Flag(help: "Do without the lease, on a store without conditional writes.")
    var noLease = false

    func report() async throws -> any CommandReport {
        let name = try run.map { try RunName(argument: $0) }
        return try await withCluster { try await WatchCommand($0, isLeased: !noLease).run(name) }
    }
}
