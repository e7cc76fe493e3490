// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Coordinator

struct ListVerb: Verb {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "The newest runs, as they are recorded.")

    @OptionGroup var common: CommonOptions

    @Flag(help: "Every run, those of the history included.")
    var all = false

    @Option(help: ArgumentHelp("Only runs of that day and later, such as 2026-11-23.", valueName: "date"))
    var since: String?

    @Option(
        help: ArgumentHelp(
            "The newest so many (default: \(ListOptions.usualLimit), with --since all).", valueName: "number")
    )
    var limit: Int?

    func report() async throws -> any CommandReport {
        let options = try ListOptions(isAll: all, since: since, limit: limit)
        return try await withCluster { try await RunListing($0, options) }
    }
}
