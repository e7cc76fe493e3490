// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Coordinator

struct CancelVerb: Verb {
    static let configuration = CommandConfiguration(
        commandName: "cancel", abstract: "End whatever is running on any node.")

    @OptionGroup var common: CommonOptions

    @OptionGroup var lease: LeaseOptions

    func report() async throws -> any CommandReport {
        try await withCluster { try await CancelCommand($0, isLeased: lease.isLeased).run() }
    }
}
