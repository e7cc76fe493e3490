// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import AmandaFormat
import Dump

/// One dump that can be brought back, wherever its description came from: the node's record or Amanda's catalog.
struct RestorableDump: Sendable {
    let configuration: ConfigurationChoice
    let disk: String
    /// Where it was read from, and where it goes back in place; nil: the header says.
    let device: String?
    /// The bucket that its volumes lie in.
    let bucket: String
    /// Where that bucket is; nil: as the configuration's changer says, or else in the cluster's store.
    var store: StoreRecord?
    let parts: [RestorePlan.Part]
    /// What is known besides the header's own checksums.
    let native: CRCSize?
    let stored: CRCSize?
    let recoveryThreadCount: Int

    var storedBytes: Int64 { parts.compactMap(\.byteCount).reduce(0, +) }
}

/// Where a run's dumps are described.
protocol RestoreSource: Sendable {
    /// The newest usable dump of each disk of the configuration.
    ///
    /// - Throws: `WireError` where the run has none for the configuration.
    func dumps(of configuration: ConfigurationChoice) async throws -> [RestorableDump]
    /// The volumes that the configuration's dumps lie on.
    func volumes(of configuration: ConfigurationChoice) async throws -> [VolumeRecord]
}
