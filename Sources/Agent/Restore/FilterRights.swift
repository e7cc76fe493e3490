// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import AmandaFormat
import BlockingWork
import Catalog
import Dump
import Files

/// What a restore of one configuration may run to decrypt and decompress, and as whom: as this node's own configuration
/// says, which on an empty machine only the self-backup brings.
struct FilterRights: Sendable {
    /// Amanda's user as the packages name it, where no configuration says.
    private static let customaryUsers = ["backup", "amandabackup", "amanda"]

    /// nil: it is not on this node, or cannot be read.
    private let loaded: LoadedConfiguration?

    init(_ configuration: CheckedConfiguration?) {
        loaded = try? configuration?.loaded.get()
    }

    /// Gives `plan` these rights; to be called once more when the self-backup has been restored.
    ///
    /// - Throws: `FilterError` where the configuration is on this node and does not allow what the plan needs, and for what comes with a
    ///   package and is not there. Of keys nothing is said: `RestorePlanning.requireKeys` looks for them.
    func grant(to plan: inout RestorePlan) async throws {
        plan = try await runBlocking("filter-rights") { [plan] in try granted(plan) }
    }

    private func granted(_ plan: RestorePlan) throws -> RestorePlan {
        var plan = plan
        plan.filterUser =
            loaded?.dumpuser ?? Self.customaryUsers.lazy.compactMap { UserAccount(named: $0) }.first
        plan.allowedFilters = Set(
            loaded?.disklist.entries.flatMap { DLEDescription($0).filterCommands } ?? [])
        if loaded == nil { try plan.checkPackagedPrograms() } else { try plan.check(requiresKeys: false) }
        return plan
    }
}
