// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import BlockingWork
import Catalog
import Files
import S3

/// The sealed files that come with a restore: waited for, used at once, and put back before any disk is read.
struct RestoreSecrets: Sendable {
    let settings: AgentSettings
    let request: JobRequest
    let order: RestoreOrder
    let reporter: JobReporter
    let sent: SentSecrets

    /// - Returns: nil: none are to come.
    /// - Throws: `WireError` where they have not come in time; `CancellationError`
    func sentOrder() async throws -> SecretsOrder? {
        guard order.awaitsSecrets == true else { return nil }
        let limit = Int(SentSecrets.limit.components.seconds)
        let order = try await reporter.waiting(for: "the sealed secrets", atMost: limit) {
            try await sent.order(of: request.id)
        }
        if let order { return order }
        throw WireError(
            .failed, node: settings.node,
            "the secrets that the coordinator has opened did not come within \(limit) s",
            hint: "restore again with '--recovery-key'; 'amfleet watch' cannot send them.")
    }

    /// Keys to the store that stand in a file of them: for a machine that has none of its own yet.
    static func credentials(_ files: [SealedFile]) -> S3Credentials? {
        files.filter { $0.kind == .credentials }.lazy.compactMap { file in
            try? SharedFileText(parsing: file.content, path: file.path).keys()
        }.first
    }

    /// Puts them back, and says of each what became of it.
    ///
    /// - Parameters:
    ///   - files: all; where the self-backup has brought this machine's configurations, those that had no place before.
    ///   - before: what had become of them then.
    func putBack(
        _ files: [SealedFile], _ configurations: [CheckedConfiguration], after before: [RestoredSecret] = []
    ) async throws -> [RestoredSecret] {
        let done = Set(before.filter { $0.state != .leftOut }.map(\.path))
        let open = files.filter { !done.contains($0.path) }
        guard !open.isEmpty else { return before }
        let homes = configurations.compactMap { try? $0.loaded.get().dumpuser.home }
        let outcomes = try await install(open, configurations, homes)
        for outcome in outcomes { await tell(outcome, after: before) }
        let byPath = Dictionary(outcomes.map { ($0.path, $0) }) { first, _ in first }
        return before.isEmpty ? outcomes : before.map { byPath[$0.path] ?? $0 }
    }

    /// Keys that would not be put back on this machine, for a plan. Where a configuration is yet to come, its user may have a home that
    /// nobody knows: what has the name of a key in one is not among them.
    func leftOut(
        _ files: [SealedFile], _ configurations: [CheckedConfiguration]
    ) async throws -> [RestoredSecret] {
        let keys = files.filter { $0.kind == .encryption }
        guard !keys.isEmpty else { return [] }
        return try await runBlocking("secrets") { [settings, order] in
            let users = configurations.map { try? $0.loaded.get().dumpuser }
            let places = SecretPlaces(
                settings, dumpusers: users.compactMap(\.self), accepted: order.acceptedKeys ?? [])
            let isAllThere = !users.contains { $0 == nil }
            return keys.filter { isAllThere || !EncryptionProgram.hasKeyName($0.path) }.compactMap {
                file -> RestoredSecret? in
                guard case .leftOut(let reason) = places.decide(file) else { return nil }
                return RestoredSecret(path: file.path, kind: file.kind, state: .leftOut, reason: reason)
            }
        }
    }

    /// A home that does not answer keeps its keys from being put back, and nothing else.
    private func install(
        _ files: [SealedFile], _ configurations: [CheckedConfiguration], _ homes: [String]
    ) async throws -> [RestoredSecret] {
        do {
            return try await runBlocking("secrets", asking: homes, .limit(.seconds(60))) {
                [settings, order, request] in
                let places = SecretPlaces(
                    settings, dumpusers: configurations.compactMap { try? $0.loaded.get().dumpuser },
                    accepted: order.acceptedKeys ?? [])
                return SecretInstall(
                    places: places, overwrites: order.overwritesKeys == true, run: request.run
                ).install(files)
            }
        } catch let fault as HangFault {
            return files.map {
                RestoredSecret(path: $0.path, kind: $0.kind, state: .failed, reason: fault.facts)
            }
        }
    }

    private func tell(_ outcome: RestoredSecret, after before: [RestoredSecret]) async {
        guard !before.contains(outcome), outcome.kind != .settings else { return }
        let reason = outcome.reason.map { ": \($0)" } ?? ""
        switch outcome.state {
        case .restored: await reporter.note("'\(outcome.path)' is back")
        case .replaced: await reporter.note("'\(outcome.path)' is back\(reason)")
        case .same: await reporter.note("'\(outcome.path)' is there already, as it was sealed")
        case .kept, .leftOut, .failed, .other:
            await reporter.note("'\(outcome.path)' is not put back\(reason)")
        }
    }
}
