// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import BlockingWork
import Coordinator

struct ObserverVerb: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "observer", abstract: "Who may read from the agents, and nothing else.",
        subcommands: [ObserverAddVerb.self])
}

struct ObserverAddVerb: Verb {
    static let documentName = "observer add"

    static let configuration = CommandConfiguration(
        commandName: "add", abstract: "Issue an observer's certificate: a folder with all that it needs.")

    @OptionGroup var common: CommonOptions

    @Argument(help: "What it goes by here: lower-case letters, digits and hyphens.")
    var name: String

    @OptionGroup var authority: AuthorityOptions

    func report() async throws -> any CommandReport {
        try await runBlocking("cluster") {
            try ObserverRoster(ClusterFile.load(common.cluster)).add(
                name, authorityKey: authority.authorityKey)
        }
    }
}
