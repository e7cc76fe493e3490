// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import AmandaFormat
import BlockingWork
import Catalog
import Files

/// Reads and checks all configurations of a backup, or a flush, before the first of them starts. Local files only.
struct BackupPreparation: Sendable {
    let settings: AgentSettings

    /// - Throws: `WireError`, for all configurations at once: `configuration` with file and line of every fault, or
    ///   `busy` with the newest run where the run's name is not newer.
    func prepare(
        _ request: JobRequest, _ configurations: [ConfigurationChoice]
    ) async throws -> [PreparedConfiguration] {
        guard !configurations.isEmpty else {
            throw WireError(.configuration, node: settings.node, "the job names no configuration")
        }
        let results = try await runBlocking("prepare") {
            configurations.map { choice in
                Result { try prepare(choice, request) }
            }
        }
        return try successes(results)
    }

    private func successes(
        _ results: [Result<PreparedConfiguration, any Error>]
    ) throws -> [PreparedConfiguration] {
        var prepared: [PreparedConfiguration] = []
        var errors: [WireError] = []
        for result in results {
            switch result {
            case .success(let configuration): prepared.append(configuration)
            case .failure(let cause): errors.append(WireError(cause: cause, node: settings.node))
            }
        }
        guard let first = errors.first else { return prepared }
        if errors.count == 1 { throw first }
        if let busy = errors.filter({ $0.kind == .busy }).max(by: { $0.newestDigits < $1.newestDigits }) {
            throw busy
        }
        throw WireError(
            first.kind, node: settings.node, errors.map(\.message).joined(separator: "\n"),
            hint: errors.compactMap(\.hint).first)
    }

    private func prepare(
        _ choice: ConfigurationChoice, _ request: JobRequest
    ) throws -> PreparedConfiguration {
        let loaded = try ConfigurationDirectory(root: settings.amandaDirectory, name: choice.name).load()
        let entries = loaded.disklist.activeEntries
        try loaded.disklist.requireSupported(
            configuration: loaded.configuration,
            ownNames: HostNames.own(node: settings.node, covering: entries.map(\.host)))
        guard !entries.isEmpty else {
            throw WireError(
                .configuration, node: settings.node,
                "\(loaded.configuration.disklistPath): no disk to dump in configuration '\(choice.name)'",
                hint: "add a line such as: localhost /path all-archive")
        }
        try SecurityFile(besides: settings.amandaDirectory).requireAllowed(entries)
        let changer = try loaded.configuration.changer()
        let store = try VolumeStore(changer, storage: request.storage, node: settings.node)
        let notes =
            try VolumePlace.remarks(on: changer, of: choice, storage: request.storage, node: settings.node)
            + store.remarks
        try refuseOldName(request, loaded)
        return PreparedConfiguration(
            choice: choice, loaded: loaded, changer: changer, store: store,
            stores: try ChangerStore.all(
                of: loaded.configuration, storage: request.storage, node: settings.node),
            entries: entries, notes: notes)
    }

    /// A run's name must be newer than every other that the catalog knows, stock Amanda's included. A further attempt of
    /// the newest run itself goes on with it.
    private func refuseOldName(_ request: JobRequest, _ loaded: LoadedConfiguration) throws {
        guard let newest = try CatalogReader(loaded.location).newestRun() else { return }
        let run = request.run
        guard newest > run || (newest == run && request.attempt == 1) else { return }
        throw CatalogError.notNewest(
            run: run, newest: newest, configuration: loaded.location.configuration)
    }
}

extension WireError {
    fileprivate var newestDigits: String { newestRun?.digits ?? "" }
}
