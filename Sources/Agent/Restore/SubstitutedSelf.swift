// SPDX-License-Identifier: Apache-2.0

import AgentAPI

/// A self-backup of another run, in the place of one that is not whole: any that is brings an empty machine its configurations and
/// catalogs back, and the data wait for them.
struct SubstitutedSelf: Sendable {
    let configuration: ConfigurationChoice
    let set: RestorableSet
    /// Whose it is, and why.
    let note: String
}

/// Nobody knows of a self-backup of the run: another may be taken.
struct LostSelfBackup: Error {
    let reason: WireError
}

extension RestorePlanning {
    /// Only where it brings what a restore in place waits for: with `--to` its own run is wanted, or nothing.
    var maySubstitute: Bool {
        order.directory == nil && substitute == nil && !isSecond && !isEachAlone
            && order.configurations.contains { $0.role == .selfBackup }
    }

    func mayReplace(_ configuration: ConfigurationChoice) -> Bool {
        maySubstitute && configuration.role == .selfBackup
    }

    /// Why a part of the self-backup does not come back; nil: all of it does.
    func lostSelfBackup(in plan: PlannedRestore) -> WireError? {
        let own = order.configurations.filter { $0.role == .selfBackup }.map(\.name)
        return plan.report.disks.lazy.filter { own.contains($0.configuration) }.compactMap(\.error).first
    }

    /// The same planning with the newest self-backup that is whole; nil: there is no other.
    func substituted(because lost: WireError) async throws -> RestorePlanning? {
        guard let configuration = order.configurations.first(where: { $0.role == .selfBackup }),
            let found = try await newestSelfBackup(of: configuration, because: lost)
        else { return nil }
        await say(found.note)
        var other = self
        other.substitute = found
        return other
    }

    /// By labels and headers, whatever records and catalogs say.
    func newestSelfBackup(
        of configuration: ConfigurationChoice, because lost: WireError
    ) async throws -> SubstitutedSelf? {
        guard let found = try await newestWhole(of: configuration, notAfter: nil) else { return nil }
        return SubstitutedSelf(
            configuration: configuration, set: found.set,
            note:
                "the self-backup of run \(run) does not come back (\(lost.message)): that of run \(found.run) is taken, the "
                + "newest that is whole")
    }
}
