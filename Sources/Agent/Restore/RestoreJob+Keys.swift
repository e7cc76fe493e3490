// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import BlockingWork
import Catalog
import ChildProcess
import S3

/// What came sealed with the restore, where its disks need it.
extension RestoreJob {
    /// A machine that has no credentials of its own gets those that its node had sealed, if the operator gives the key.
    func hintingAtCredentials<Value: Sendable>(
        _ work: () async throws -> Value
    ) async throws -> Value {
        do {
            return try await work()
        } catch let error as S3Error {
            guard case .noCredentials = error else { throw error }
            var fault = WireError(cause: error, node: settings.node)
            let other = fault.hint.map { " Or \($0)" } ?? ""
            fault.hint =
                sealed == nil
                ? "'--recovery-key KIT' brings those that the node had sealed.\(other)"
                : "none were among what the node had sealed.\(other)"
            throw fault
        }
    }

    /// nil: none came.
    func keys(_ configurations: [CheckedConfiguration]) throws -> DumpKeys? {
        try sealed.map { sealed in
            let records = NodeRecordStore(
                client: try BucketClients(storage, request, stores: configurations.stores).main,
                layout: BucketLayout(request.storage))
            return DumpKeys(
                sealed: sealed, settings: settings,
                dumpusers: configurations.compactMap { try? $0.loaded.get().dumpuser },
                accepted: order.acceptedKeys ?? [],
                record: { [order] in try await records.read($0, node: order.sourceNode) },
                note: { [reporter] in await reporter.note($0) })
        }
    }

    /// Sealed keys that were not put back, since others are there, and that no program could be shown all the same.
    func keptKeys() async throws -> Set<String> {
        let kept = (putBack ?? []).filter { $0.kind == .encryption && $0.state == .kept }.map(\.path)
        guard !kept.isEmpty else { return [] }
        return try await runBlocking("keys") { ChildConfinement.canGiveFiles } ? [] : Set(kept)
    }
}
