// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import ArgumentParser
import Coordinator

struct PinVerb: Verb {
    static let configuration = CommandConfiguration(
        commandName: "pin",
        abstract: "Keep a run on every node until 'unpin': no backup overwrites it.")

    @OptionGroup var common: CommonOptions

    @OptionGroup var run: NamedRun

    @OptionGroup var lease: LeaseOptions

    func report() async throws -> any CommandReport {
        let name = try run.name
        return try await withCluster { try await PinCommand($0, .pin, isLeased: lease.isLeased).run(name) }
    }
}

struct UnpinVerb: Verb {
    static let configuration = CommandConfiguration(
        commandName: "unpin", abstract: "Let a pinned run be overwritten again when its time comes.")

    @OptionGroup var common: CommonOptions

    @OptionGroup var run: NamedRun

    @OptionGroup var lease: LeaseOptions

    func report() async throws -> any CommandReport {
        let name = try run.name
        return try await withCluster { try await PinCommand($0, .unpin, isLeased: lease.isLeased).run(name) }
    }
}
