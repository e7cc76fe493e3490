// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import FoundationEssentials

/// Which runs took which volumes, as manifests say it: what an older run has lost can be told without asking for any label.
///
/// A node's word about its own volumes alone; whether a volume really bears a run, its label says (`VolumeJudge`).
struct VolumeClaims: Sendable {
    fileprivate struct Place: Hashable {
        let node: String
        let place: String
        let store: StoreRecord?
    }

    /// When each run was done with the volume, by the node's clock; nil inside: not known.
    private var claims: [Place: [RunName: Date?]] = [:]

    init(_ manifests: [RunManifest] = []) {
        for manifest in manifests { add(manifest) }
    }

    /// Also runs that failed: their volumes are taken all the same.
    mutating func add(_ manifest: RunManifest) {
        for verdict in manifest.nodes {
            guard let volumes = verdict.volumes else { continue }
            for volume in volumes.taken {
                claims[Place(volume, of: verdict.node), default: [:]].updateValue(
                    verdict.finishedAt ?? manifest.finishedAt, forKey: manifest.run)
            }
            for volume in volumes.needed {
                guard let run = volume.run else { continue }
                let place = Place(volume, of: verdict.node)
                guard claims[place]?[run] == nil else { continue }
                claims[place, default: [:]].updateValue(nil, forKey: run)
            }
        }
    }

    /// A volume that a run needs, and the later run that took it.
    struct Loss: Sendable {
        let volume: VolumeRecord
        /// Which it must bear.
        let run: RunName
        let text: String
    }

    /// The first volume that the node's part of a run needs and that bears another run by now; nil: none is known to.
    func loss(of verdict: NodeVerdict, in run: RunName) -> Loss? {
        for volume in verdict.volumes?.needed ?? [] {
            let own = volume.run ?? run
            guard let taker = taker(of: volume, on: verdict.node, from: own) else { continue }
            let whose = own == run ? "" : "of run \(own), which it builds on, "
            return Loss(
                volume: volume, run: own,
                text: "volume '\(volume.label)' \(whose)was taken by run \(taker)")
        }
        return nil
    }

    /// Whether all that the run itself wrote on the node is known to be lost.
    func hasLostAll(_ verdict: NodeVerdict, in run: RunName) -> Bool? {
        verdict.volumes.map { volumes in
            volumes.holding.allSatisfy { taker(of: $0, on: verdict.node, from: $0.run ?? run) != nil }
        }
    }

    /// The newest run that took it after `run`. Which of two was later, their times say: a `retry` writes an older name.
    private func taker(of volume: VolumeRecord, on node: String, from run: RunName) -> RunName? {
        guard let known = claims[Place(volume, of: node)] else { return nil }
        let ownTime = known[run].flatMap(\.self)
        return known.filter { other, time in
            guard other != run else { return false }
            if let time, let ownTime, time != ownTime { return time > ownTime }
            return other > run
        }.keys.max()
    }
}

extension VolumeClaims.Place {
    fileprivate init(_ volume: VolumeRecord, of node: String) {
        self.init(node: node, place: volume.place, store: volume.store)
    }
}
