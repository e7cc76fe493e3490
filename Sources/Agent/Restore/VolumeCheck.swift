// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import AmandaFormat
import Planning

/// Whether a run's volumes still are that run's: the label in the bucket bears its datestamp.
struct VolumeCheck: Sendable {
    let run: Datestamp
    let node: String
    let clients: BucketClients

    static let hint =
        "choose another run: 'amfleet list' shows which can still be restored, and '--at TIME' takes one that is older."

    /// What the volume calls itself.
    func label(of volume: VolumeRecord, of configuration: String) async throws -> SlotContents.Volume {
        try await VolumeAccess(clients, of: configuration).label(of: volume)
    }

    /// - Parameter dump: what lies on it, for the message.
    /// - Returns: why what lies on it cannot be trusted to be the run's: the label is gone, or nobody could read it.
    /// - Throws: `WireError` of kind `damaged`: it was overwritten.
    func fault(
        _ label: SlotContents.Volume, _ volume: VolumeRecord, holding dump: String
    ) throws(WireError) -> WireError? {
        switch label {
        case .labelled(let header) where header.bears(volume.label, of: run): return nil
        case .labelled(let header):
            let newer = header.datestamp.map { "run \($0)" } ?? "a new label"
            throw refusal(volume, dump, "was overwritten by \(newer) (volume '\(header.label)')")
        case .unlabelled: return refusal(volume, dump, "has no label any more")
        case .foreign: return refusal(volume, dump, "bears something that is no Amanda label")
        case .unreadable(let reason): return refusal(volume, dump, "could not be read: \(reason)")
        }
    }

    private func refusal(_ volume: VolumeRecord, _ dump: String, _ what: String) -> WireError {
        WireError(
            .damaged, node: node,
            "\(dump), which \(what) in '\(volume.place)'", hint: Self.hint)
    }
}
