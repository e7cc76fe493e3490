// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import AmandaFormat
import BlockingWork
import Catalog

/// The run in the node's own Amanda catalog: how it is opened, and how it is closed.
extension ConfigurationRun {
    /// - Parameters:
    ///   - isFurtherAttempt: under this run's name something has been written in this attempt of the job already.
    ///   - disks: what it speaks of; nil: every disk of the configuration.
    func beginCatalog(
        isFurtherAttempt: Bool = false, _ purpose: RunCatalog.Purpose = .dumps,
        disks: [(host: String, disk: String)]? = nil
    ) async throws -> RunCatalog {
        let disks = disks ?? prepared.entries.map { (host: $0.host, disk: $0.diskName) }
        let configuration = prepared.configuration
        let capacity = RunCapacity(
            inparallel: configuration.inparallel, netusage: configuration.netusageBytesPerSecond >> 10,
            volumeKiB: configuration.tapetype.lengthBytes >> 10)
        return try await runBlocking("catalog", asking: prepared.location.mayHang, prepared.location.patience)
        { [logger] in
            try RunCatalog(
                beginning: run, location: prepared.location,
                isFurtherAttempt: isFurtherAttempt || request.attempt > 1, purpose: purpose, disks: disks,
                hostName: node, capacity: capacity, logger: logger)
        }
    }

    /// Also when the task is cancelled: nothing here waits for the network.
    ///
    /// - Returns: what could not be done.
    func close(_ catalog: RunCatalog) async -> [String] {
        var notes: [String] = []
        do {
            let days = prepared.configuration.dumpcycleDays
            try await runBlocking("catalog", asking: catalog.mayHang, catalog.patience) {
                try catalog.trim(dumpcycleDays: days)
            }
        } catch {
            notes.append("old logs and indexes could not be taken away: \(error)")
        }
        do {
            try await runBlocking("catalog", asking: catalog.mayHang, catalog.patience) {
                try catalog.finish()
            }
        } catch {
            notes.append("the run's log could not be closed: \(error)")
        }
        return notes
    }
}
