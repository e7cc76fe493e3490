// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Coordinator

struct StatusVerb: Verb {
    static let configuration = CommandConfiguration(
        commandName: "status", abstract: "Check every node and the newest set; exit 7 if anything is wrong.")

    @OptionGroup var common: CommonOptions

    func report() async throws -> any CommandReport {
        try await withCluster { try await StatusCommand($0).run() }
    }
}
