// SPDX-License-Identifier: Apache-2.0

import AgentAPI

/// What became of a run and its volumes, in one word (Docs/OPERATIONS.md, "States").
public enum RunState: String, Sendable, Encodable {
    case running
    /// The manifest says running, and nobody holds the cluster for it; of one without a lease nobody ever does.
    case unfinished
    case complete
    /// Some of its dumps lie on nodes' holding disks and not in the bucket yet.
    case held
    /// All of it is in the bucket, and some dumps are not believed to hold their disks.
    case suspect
    case partial
    case failed
    case cancelled
    /// A volume of it bears another run now.
    case overwritten
    /// Something of it is missing, or is not what its record says.
    case damaged
    /// Something of it could not be looked at, or there are records and no manifest that can be read.
    case unknown

    /// What is known to be lost comes before what is not known, and that before any good word of the manifest's.
    init(_ manifest: RunManifest, _ outlook: RunOutlook, holder: Lease?) {
        switch manifest.verdict {
        case .running: self = holder?.isHeld(for: manifest) == true ? .running : .unfinished
        case .failed: self = .failed
        case .cancelled: self = .cancelled
        case .complete, .held, .suspect, .partial:
            if outlook.isOverwritten {
                self = .overwritten
            } else if outlook.isDamaged {
                self = .damaged
            } else if !outlook.unknowns.isEmpty {
                self = .unknown
            } else {
                self =
                    switch manifest.verdict {
                    case .complete: .complete
                    case .held: .held
                    case .suspect: .suspect
                    default: .partial
                    }
            }
        }
    }
}

extension Cluster {
    /// Who holds the cluster now; nil: nobody.
    func leaseHolder(_ bucket: ClusterBucket) async throws -> Lease? {
        let lease = try await bucket.read(Lease.self, bucket.layout.lease)?.value
        return lease.flatMap { $0.isReleased || $0.isOver(at: storeTime()) ? nil : $0 }
    }
}
