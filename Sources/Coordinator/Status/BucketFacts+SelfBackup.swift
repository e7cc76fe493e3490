// SPDX-License-Identifier: Apache-2.0

import AgentAPI

extension BucketFacts.Node {
    /// If its self-backup is whole, an empty machine can start from it, and every object of it is there.
    ///
    /// - Parameter isProven: these were looked up already.
    mutating func takeSelfBackup(
        of record: NodeRecord, _ volumes: VolumeJudge, isProven: Bool
    ) async {
        var own = record
        own.configurations = record.configurations.filter { $0.role == .selfBackup && $0.canStartNode }
        guard !own.configurations.isEmpty else { return }
        switch isProven ? .restorable : await volumes.provenInBucket(own) {
        case .restorable:
            selfBackup = record.run
            selfBackupFinishedAt = record.finishedAt
            selfBackupHeld = own.configurations.first?.selfBackup
            selfBackupConfigurations = Set(record.configurations.map(\.name))
            let suspects = own.configurations.flatMap(\.dumps).compactMap(\.suspect)
            acceptedGaps = Set(suspects.flatMap { $0.gaps ?? [] }.map(\.path))
        case .unknown(let reason): unknown = unknown ?? "run \(record.run): \(reason)"
        case .damaged(let reason), .refused(let reason):
            unusableSelfBackup = unusableSelfBackup ?? "that of run \(record.run) cannot be had: \(reason)"
        case .overwritten: return
        }
    }
}
