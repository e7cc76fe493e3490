// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Coordinator

struct ListVerb: Verb {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "Every run, and what became of its volumes.")

    @OptionGroup var common: CommonOptions

    func report() async throws -> any CommandReport {
        try await withCluster { try await RunListing($0) }
    }
}
