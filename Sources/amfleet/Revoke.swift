// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import BlockingWork
import Coordinator

struct RevokeVerb: Verb {
    static let configuration = CommandConfiguration(
        commandName: "revoke",
        abstract:
            "Take certificates back: of a node, an observer, an earlier coordinator, or one by its serial.")

    @OptionGroup var common: CommonOptions

    @Argument(
        help: ArgumentHelp(
            "A node's or observer's name, 'coordinator' (all but the present one), or a serial.",
            valueName: "name or serial"))
    var who: String

    @OptionGroup var authority: AuthorityOptions

    func report() async throws -> any CommandReport {
        try await withCluster { try await RevokeCommand($0, authorityKey: authority.authorityKey).run(who) }
    }
}
