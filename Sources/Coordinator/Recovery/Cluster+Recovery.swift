// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import BlockingWork
import Faults
import Logging

extension Cluster {
    /// A file in the directory of `cluster.json`.
    public func beside(_ name: String) -> String { file.resolve(name) }

    /// To whom a job's node seals its secrets; nil: to nobody. A certificate that cannot be read is left out: `status` tells of it.
    func recoveryOrder() async throws -> RecoveryOrder? {
        let certificates = try await runBlocking("recovery") { [file] in RecoveryRecipients(file).certificates
        }
        return certificates.isEmpty ? nil : RecoveryOrder(certificates, clusterID: settings.clusterID)
    }

    /// Before the jobs of a run begin: what makes this coordinator lies sealed in the bucket as it is now. Keeps no run from beginning.
    ///
    /// - Parameter isNeeded: nothing goes on without.
    /// - Returns: what an operator must know of it.
    /// - Throws: `CancellationError`; where it is needed, `RecoveryError.sealedByAnother`.
    func sealCoordinator(run: RunName? = nil, isNeeded: Bool = false) async throws -> [Remark] {
        do {
            // It may have got its id since it was read.
            let (now, faults) = try await runBlocking("cluster") { [file] in
                let now = try ClusterFile.load(file.path)
                return (now, RecoveryRecipients(now).faults)
            }
            let unusable = faults.map { Remark("nothing is sealed to a recovery certificate: \($0.message)") }
            let sealing = CoordinatorSealing(file: now, bucket: impatientBucket)
            guard
                let outcome = try await withTimeLimit(Self.sealingLimit, { try await sealing.seal(run: run) })
            else {
                return unusable + [
                    Remark("the coordinator's files are not sealed: the store took longer than a minute")
                ]
            }
            logger.info("the coordinator's files are sealed", metadata: ["outcome": "\(outcome)"])
            guard outcome == .sealed(overOthers: true) else { return unusable }
            return unusable + [
                Remark(
                    "what lay in the bucket as the coordinator's sealed files was none of its own: it is sealed anew"
                )
            ]
        } catch {
            try Task.checkCancellation()
            if isNeeded, case RecoveryError.sealedByAnother = error { throw error }
            let wire = WireError(of: error)
            return [Remark("the coordinator's files are not sealed: \(wire.message)", hint: wire.hint)]
        }
    }

    private static let sealingLimit = Duration.seconds(60)
}
