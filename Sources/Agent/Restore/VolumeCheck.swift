// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import AmandaFormat
import Planning

/// Whether a run's volumes still are that run's: the label in the bucket bears its datestamp.
struct VolumeCheck: Sendable {
    let run: Datestamp
    let node: String
    let clients: BucketClients

    static let hint = "choose another run: 'amfleet list' shows which can still be restored."

    /// - Parameter dump: what lies on it, for the message.
    /// - Throws: `WireError` of kind `damaged`: overwritten, or gone.
    func requireUnchanged(
        _ volume: VolumeRecord, of configuration: String, holding dump: String
    ) async throws {
        let access = VolumeAccess(clients, of: configuration)
        switch try await access.label(of: volume) {
        case .labelled(let header) where header.bears(volume.label, of: run): return
        case .labelled(let header):
            let newer = header.datestamp.map { "run \($0)" } ?? "a new label"
            throw refusal(volume, dump, "was overwritten by \(newer) (volume '\(header.label)')")
        case .unlabelled: throw refusal(volume, dump, "has no label any more")
        case .foreign: throw refusal(volume, dump, "bears something that is no Amanda label")
        case .unreadable(let reason): throw refusal(volume, dump, "could not be read: \(reason)")
        }
    }

    private func refusal(_ volume: VolumeRecord, _ dump: String, _ what: String) -> WireError {
        WireError(
            .damaged, node: node,
            "\(dump), which \(what) in '\(volume.place)'", hint: Self.hint)
    }
}
