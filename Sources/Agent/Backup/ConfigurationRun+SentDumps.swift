// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import AmandaFormat
import BlockingWork
import Catalog
import Dump

/// Held dumps that an earlier flush has sent, and whose evidence it could not write, or died before: they are not sent again.
extension ConfigurationRun {
    /// Writes the records that are missing and removes the chunks.
    ///
    /// - Returns: the dumps that are still to be sent: those that the catalog does not know on a volume, or whose parts there are
    ///   not proved.
    func finishSent(
        _ dumps: [HeldDump], _ progress: FlushProgress, _ outcome: FlushOutcome
    ) async throws -> [HeldDump] {
        let stored = try await runBlocking(
            "catalog", asking: prepared.location.mayHang, prepared.location.patience
        ) {
            [prepared] in
            try CatalogReader(prepared.location).dumps().filter(\.isWhole)
        }
        let byName = Dictionary(stored.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
        guard dumps.contains(where: { byName[$0.header.logName] != nil }) else { return dumps }
        let places = try await taking.look().places
        var left: [HeldDump] = []
        for held in dumps {
            guard let dump = byName[held.header.logName], dump.isOfSameStream(as: held.header),
                let volumes = try? places.volumes(of: dump), let parts = try await proved(dump, on: volumes)
            else {
                left.append(held)
                continue
            }
            progress.begin(held, configuration: name)
            let unwritten = await finish(held, parts, volumes, of: dump.run)
            progress.end(held, isSent: true)
            await outcome.add(held, on: parts, unwritten: unwritten, node: node)
        }
        return left
    }

    /// - Returns: why its record could not be written.
    private func finish(
        _ held: HeldDump, _ parts: [DumpPart], _ volumes: [VolumeRecord], of run: Datestamp
    ) async -> (any Error)? {
        do {
            try await enter(held, sentTo: parts, on: volumes, of: run)
            try await runBlocking("holding", asking: held.mayHang, prepared.location.patience) { [prepared] in
                try HoldingDisks(prepared.configuration.holdingDisks).remove(held)
                try RunCatalog.forgetFlush(of: held, in: prepared.location)
            }
            await reporter.disk("\(name): \(held.what) was sent before")
            return nil
        } catch {
            return error
        }
    }

    /// nil: a part is not there, or not as long as the catalog says.
    private func proved(_ dump: CatalogDump, on volumes: [VolumeRecord]) async throws -> [DumpPart]? {
        let access = VolumeAccess(client: taking.client)
        var files: [String: [UInt32: StoredFile]] = [:]
        for volume in volumes {
            let numbers = dump.parts.filter { $0.label == volume.label }.compactMap(\.file)
            files[volume.label] = try await access.files(numbers, of: volume)
        }
        var parts: [DumpPart] = []
        for part in dump.parts {
            guard let number = part.file, let file = files[part.label]?[number],
                file.fault(expecting: part.byteCount) == nil
            else { return nil }
            parts.append(DumpPart(file, number: number, on: part.label))
        }
        return parts
    }
}

extension CatalogDump {
    /// Whether what was stored is what is held.
    fileprivate func isOfSameStream(as header: DumpHeader) -> Bool {
        guard let stored = checksums?.server, let held = header.serverCRC, stored.isKnown, held.isKnown else {
            return false
        }
        return stored == held
    }
}
