// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import Logging
import S3

/// The node's record of a run on its way to the bucket: it is tried whatever failed before it.
struct RunEvidence: Sendable {
    /// As patient as the dumps.
    let records: NodeRecordStore
    private let request: JobRequest
    private let reporter: JobReporter
    /// An answer within a minute: the store was found away, and waiting as long again would prove nothing.
    private let brief: NodeRecordStore

    init(request: JobRequest, clients: BucketClients, reporter: JobReporter) throws {
        let layout = BucketLayout(request.storage)
        self.request = request
        self.reporter = reporter
        records = NodeRecordStore(client: try clients.main, layout: layout)
        brief = NodeRecordStore(client: try clients.brief, layout: layout)
    }

    /// A record with held dumps that stays on the node is no new fault: the run that sends the dumps writes it.
    ///
    /// - Parameters:
    ///   - isStoreAway: the cluster's, as far as the job knows.
    ///   - isLast: the job writes none after it, so that a refusal is not believed at once.
    /// - Returns: why the record is not in the bucket, where that is a fault.
    /// - Throws: `CancellationError`.
    func write(_ record: NodeRecord, isStoreAway: Bool, isLast: Bool) async throws -> WireError? {
        await reporter.keep(record)
        let isHeld = !record.heldDumps.isEmpty
        do {
            let store = isStoreAway || isHeld ? brief : records
            try await patience(isLast: isLast && !isHeld).attempt { try await store.write(record) }
            reporter.logger.info("the node record is in the bucket", metadata: ["stage": "record"])
            return nil
        } catch {
            if error is CancellationError || Task.isCancelled { throw CancellationError() }
            await reporter.note("the node record stays on the node: \(error)")
            if isHeld { return nil }
            var fault = WireError(cause: error, node: request.node)
            fault.message = "the node record could not be written: \(fault.message)"
            return fault
        }
    }

    /// One odd answer costs no record; what the next one replaces is asked for once more.
    private func patience(isLast: Bool) -> LastWrite {
        let outage = Duration.seconds(request.storageOutageSeconds)
        return isLast ? LastWrite(within: outage) : LastWrite(within: outage, pauses: [.zero])
    }

    /// Asks once more for a store that was found away: it may be back, or have failed one request alone.
    ///
    /// - Throws: `CancellationError`.
    func lookAgain(_ absence: StoreAbsence) async throws {
        guard absence.error != nil else { return }
        do {
            _ = try await brief.read(request.run, node: request.node)
            absence.end()
        } catch {
            if error is CancellationError || Task.isCancelled { throw CancellationError() }
            if !WireError(cause: error, node: request.node).concernsWholeStore { absence.end() }
        }
    }
}
