// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import ArgumentParser
import Coordinator

struct PinVerb: Verb {
    static let configuration = CommandConfiguration(
        commandName: "pin",
        abstract: "Keep a run on every node until 'unpin': no backup overwrites it.")

    @OptionGroup var common: CommonOptions

    @Argument(help: "The run, as 'amfleet list' names it.")
    var run: String

    @Flag(help: "Do without the lease, on a store without conditional writes.")
    var noLease = false

    func report() async throws -> any CommandReport {
        let name = try RunName(argument: run)
        return try await withCluster { try await PinCommand($0, .pin, isLeased: !noLease).run(name) }
    }
}

struct UnpinVerb: Verb {
    static let configuration = CommandConfiguration(
        commandName: "unpin", abstract: "Let a pinned run be overwritten again when its time comes.")

    @OptionGroup var common: CommonOptions

    @Argument(help: "The run, as 'amfleet list' names it.")
    var run: String

    @Flag(help: "Do without the lease, on a store without conditional writes.")
    var noLease = false

    func report() async throws -> any CommandReport {
        let name = try RunName(argument: run)
        return try await withCluster { try await PinCommand($0, .unpin, isLeased: !noLease).run(name) }
    }
}
