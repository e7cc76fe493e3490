// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import FoundationEssentials
import S3

/// Signs that another coordinator of the cluster still lives. None of them keeps the new one from anything: the lease does.
enum SecondCoordinator {
    private static let depth = 5

    /// Lines for people; empty: none was seen. What cannot be looked at is said too.
    static func signs(in bucket: ClusterBucket) async throws -> [String] {
        do {
            let now = Date().addingTimeInterval((bucket.client.clockOffset)?.inSeconds ?? 0)
            let lease = try await bucket.read(Lease.self, bucket.layout.lease)?.value
            let manifests = try await bucket.newestManifests(depth).map(\.value)
            return of(lease, manifests, now: now)
        } catch {
            try Task.checkCancellation()
            return ["whether another coordinator lives is unknown: \(WireError(of: error).message)"]
        }
    }

    static func of(_ lease: Lease?, _ manifests: [RunManifest], now: Date) -> [String] {
        var signs: [String] = []
        if let lease, !lease.isReleased, !lease.isOver(at: now) {
            signs.append(
                "\(lease.holder) holds the cluster: \(lease.purpose), until \(LocalTime(lease.expiresAt).text) unless it lives and renews it"
            )
        }
        signs += manifests.filter { $0.verdict == .running }.map {
            "run \($0.run) of \($0.coordinator) has not ended: "
                + ($0.isLeased
                    ? "'\($0.watchCommand)' follows it, or brings it to its end"
                    : "no lease tells whether that lives; if no 'amfleet' works on it any more, '\($0.watchCommand)' brings it to its end")
        }
        return signs
    }
}
