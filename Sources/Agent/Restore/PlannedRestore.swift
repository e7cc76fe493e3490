// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import LogOutput
import Logging

/// One disk and where it goes.
struct PlacedDisk: Sendable {
    let disk: RestorableDisk
    let target: RestoreTarget
}

/// What a restore is going to do.
struct PlannedRestore: Sendable {
    /// In the order in which they must be done.
    let steps: [RestoreStep]
    /// What the run does not have, and what goes nowhere.
    let missing: [RestoreReport.Disk]
    /// What waits for the disklist that the self-backup brings.
    let undecided: [RestorableDisk]
    /// The same for whoever reads.
    var report: NodeRestorePlan
    /// Why it would not begin; a restore that is more than looked at has thrown them.
    var refusals: [WireError] = []
    /// Taken in the place of the run's self-backup.
    var substitute: SubstitutedSelf?
    /// Why nothing of it can be had; nil: something can.
    var nothingLeft: (any Error)?

    /// Of tar's streams; nil where one is not known.
    var expectedBytes: Int64? {
        let known = steps.compactMap(\.expectedBytes)
        return undecided.isEmpty && known.count == steps.count ? known.byteSum : nil
    }
}

extension RestorePlanning {
    init(
        settings: AgentSettings, request: JobRequest, order: RestoreOrder,
        configurations: [CheckedConfiguration], clients: BucketClients, reporter: JobReporter
    ) throws {
        self.init(
            settings: settings, run: request.run, order: order, configurations: configurations,
            clients: clients,
            records: NodeRecordStore(client: try clients.main, layout: BucketLayout(request.storage)),
            ownRecord: { await reporter.record(of: $0) }, say: { await reporter.note($0) },
            logger: reporter.logger)
        board = reporter.board
        rates = RestoreRates(records)
        receiveBytesPerSecond = request.receiveBytesPerSecond
    }
}
