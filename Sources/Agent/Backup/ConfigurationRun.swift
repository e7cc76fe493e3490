// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import AmandaFormat
import HTTPTransport
import Logging
import S3
import Saturation

/// One configuration's part in a run: its plan, a volume, its disks side by side, and the catalog of them all.
struct ConfigurationRun: Sendable {
    var prepared: PreparedConfiguration
    let request: JobRequest
    let run: Datestamp
    let clients: BucketClients
    let strays: StrayUploads
    let progress: BackupProgress
    let reporter: JobReporter
    /// Where index lines wait for the catalog, and tar's excludes lie.
    let workDirectory: String
    /// Whether the plan will be carried out.
    let isInEarnest: Bool
    /// Of the store that its volumes lie in.
    let absence: StoreAbsence
    /// What this node's records say of earlier dumps.
    let known: KnownMeasures
    /// What the volumes in the store bear and the catalog did not know; nil: that was not found out.
    var caughtUp: CatalogCatchUp.Result?
    /// Sees the archives of a self-backup; nil: it is data.
    var watch: SelfBackupWatch?
    /// The version of the node's secrets that its dumps' keys are in; nil: nothing is sealed.
    var sealed: SealedVersion?

    var logger: Logger { reporter.logger }
    var node: String { request.node }
    var name: String { prepared.choice.name }
    var isSelfBackup: Bool { prepared.choice.role == .selfBackup }

    /// Nobody keeps clocks closer than that, and the store tells whole seconds.
    private static let clockTolerance: Int64 = 60

    /// How far this machine's clock is ahead of the store's, as its last answer told; 0: hardly, or nobody knows.
    var clockAheadSeconds: Int64 {
        guard let offset = try? clients.main.clockOffset else { return 0 }
        let ahead = Int64(saturating: -offset.inSeconds)
        return abs(ahead) > Self.clockTolerance ? ahead : 0
    }

    var taking: VolumeTaking {
        VolumeTaking(
            node: node, prepared: prepared, run: run, protection: request.protection, known: known
        ) { [name] in
            try clients.client(of: $0, of: name)
        }
    }

    var glacier: GlacierVolumes {
        GlacierVolumes(prepared: prepared, request: request, clients: clients)
    }
}
