// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Coordinator

struct CancelVerb: Verb {
    static let configuration = CommandConfiguration(
        commandName: "cancel", abstract: "End whatever is running on any node.")

    @OptionGroup var common: CommonOptions

    @Flag(help: "Do without the lease, on a store without conditional writes.")
    var noLease = false

    func report() async throws -> any CommandReport {
        try await withCluster { try await CancelCommand($0, isLeased: !noLease).run() }
    }
}
