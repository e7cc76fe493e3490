// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import AmandaFormat
import BlockingWork
import Catalog
import Files
import Logging
import Planning
import S3

/// The configurations of one job, and what they share: clients, the journal of uploads, progress, a directory for work.
struct ConfigurationRuns: Sendable {
    /// Begins the name of the directory in which index lines wait for the catalog.
    static let workPrefix = "work-"

    let settings: AgentSettings
    let storage: NodeStorage
    let request: JobRequest
    let reporter: JobReporter
    /// Whether a plan will be carried out.
    let isInEarnest: Bool

    /// Read and found fit.
    struct Prepared: Sendable {
        /// In the order of the job.
        let all: [ConfigurationRun]
        /// Those that cannot be used, and why.
        let refused: [UsableConfigurations.Refused]
        let clients: BucketClients
        fileprivate let workDirectory: String

        /// The directory for work is there while `body` runs.
        func inWorkDirectory(_ body: () async throws -> JobResult) async throws -> JobResult {
            try await runBlocking("work-directory") { [workDirectory] in
                try FileSystem.makeDirectories(workDirectory, mode: 0o700)
            }
            return try await withCleanUp(removeWorkDirectory, after: body)
        }

        private func removeWorkDirectory() async {
            try? await runBlocking("work-directory") { [workDirectory] in
                try FileSystem.removeTree(workDirectory)
            }
        }
    }

    /// - Throws: `WireError` for what can be refused before the first byte.
    func prepared(_ configurations: [CheckedConfiguration]) async throws -> Prepared {
        let usable = try configurations.usable(for: request)
        let prepared = usable.prepared
        let clients = BucketClients(
            storage, request, stores: configurations.stores,
            holding: Set(prepared.filter(\.mayHold).map(\.choice.name)))
        let workDirectory = "\(settings.stateDirectory)/\(Self.workPrefix)\(request.id)"
        let uploads = OwnUploads(stateDirectory: settings.stateDirectory, request: request)
        let strays = uploads.strays(in: try await uploads.openJournal(), logger: reporter.logger)
        let progress = BackupProgress(reporter.board, diskCount: prepared.map(\.entries.count).reduce(0, +))
        for configuration in prepared { tell(configuration) }
        for configuration in usable.refused {
            for fault in configuration.faults {
                await reporter.note("\(configuration.choice.name): left out: \(fault.message)")
            }
        }
        if isInEarnest { await markPins(prepared) }
        var absences: [StoreKey: StoreAbsence] = [:]
        let known = try await knownMeasures(prepared, clients)
        let runs = prepared.map { configuration in
            let key = StoreKey(configuration)
            let absence = key.record == nil ? absences[key] ?? StoreAbsence() : StoreAbsence()
            absences[key] = absence
            return ConfigurationRun(
                prepared: configuration, request: request, run: request.run, clients: clients,
                strays: strays, progress: progress,
                reporter: reporter.about(["configuration": "\(configuration.choice.name)"]),
                workDirectory: workDirectory,
                isInEarnest: isInEarnest,
                absence: absence,
                known: known[configuration.choice.name] ?? KnownMeasures())
        }
        return Prepared(all: runs, refused: usable.refused, clients: clients, workDirectory: workDirectory)
    }

    /// A node that was away when a run was pinned marks it now. Without the marks our own runs obey all the same.
    private func markPins(_ configurations: [PreparedConfiguration]) async {
        guard let protection = request.protection else { return }
        for prepared in configurations {
            let name = prepared.choice.name
            do {
                let change = try await runBlocking(
                    "pins", asking: prepared.location.directories, prepared.location.patience
                ) {
                    try PinMarks(location: prepared.location).agree(with: protection)
                }
                guard change != PinMarks.Change() else { continue }
                reporter.logger.info(
                    "marks of pins brought into line",
                    metadata: [
                        "configuration": "\(name)", "marked": "\(change.marked.joined(separator: " "))",
                        "freed": "\(change.freed.joined(separator: " "))",
                    ])
            } catch {
                await reporter.note("\(name): volumes of pinned runs are not marked no-reuse: \(error)")
            }
        }
    }

    /// What the records in the bucket say of earlier dumps; where the store does not answer, those that the agent has kept.
    private func knownMeasures(
        _ prepared: [PreparedConfiguration], _ clients: BucketClients
    ) async throws -> [String: KnownMeasures] {
        let disks = Dictionary(
            prepared.map { ($0.choice.name, $0.entries.map(\.name)) }, uniquingKeysWith: { first, _ in first }
        )
        let node = settings.node
        var logged: [Datestamp] = []
        for configuration in prepared { logged += try await loggedRuns(of: configuration) }
        let runs = (request.recentRuns + logged).filter { $0 < request.run }
        do {
            let records = NodeRecordStore(client: try clients.brief, layout: BucketLayout(request.storage))
            return try await MeasureReader(records, node: node).known(disks, in: runs)
        } catch {
            if error is CancellationError || Task.isCancelled { throw CancellationError() }
            await reporter.note(
                "the records of earlier dumps cannot be read, those that this agent has kept count: \(error)")
            return try await MeasureReader(await reporter.keptRecords(), node: node).known(disks, in: runs)
        }
    }

    /// The newest; none where its catalog hangs, which it fails of by itself.
    private func loggedRuns(of prepared: PreparedConfiguration) async throws -> [Datestamp] {
        do {
            return try await runBlocking(
                "runs", asking: prepared.location.directories, prepared.location.patience
            ) {
                (try? CatalogReader(prepared.location).newestRuns(MeasureReader.depth)) ?? []
            }
        } catch is HangFault {
            return []
        }
    }

    private func tell(_ prepared: PreparedConfiguration) {
        reporter.logger.info(
            "configuration read and checked",
            metadata: [
                "configuration": "\(prepared.choice.name)", "stage": "check",
                "disks": "\(prepared.entries.count)", "changer": "\(prepared.changer.name)",
            ])
    }
}
