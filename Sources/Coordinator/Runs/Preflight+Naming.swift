// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import FoundationEssentials
import S3

extension Preflight {
    /// How many names of a far future are told of.
    private static let toldNames = 3

    /// Newer than every run in the bucket and in the nodes' catalogs; but what whoever may write there has put into a far future
    /// moves nobody, nor does a name that is no run, nor a catalog that is further ahead than time zones explain: its node fails alone.
    ///
    /// - Throws: `CoordinatorError` besides: `clockAhead`, `runsInTheFuture`.
    func newRun(of cluster: Cluster) async throws -> RunName {
        let stored = try await cluster.bucket.runs()
        let clocks = OtherClocks(
            times: statuses.compactMap { $0.report?.time }, storeOffset: cluster.storeClockOffset)
        if let fault = clocks.fault(at: Date()) { throw fault }
        let possible = RunNaming.possible(stored, at: cluster.bucket.client.storeTime)
        for run in stored.suffix(stored.count - possible.count).prefix(Self.toldNames) {
            cluster.console.say("run \(run) in the bucket is later than the store's clock: it is left alone")
        }
        let wanted = try RunNaming.name(at: now, newerThan: newestRuns)
        // As a rule no name is ahead of this clock.
        let newest = try await cluster.bucket.existing(1, of: possible.reversed().prefix { $0 >= wanted })
        return try RunNaming.name(at: now, newerThan: newestRuns + newest)
    }
}
