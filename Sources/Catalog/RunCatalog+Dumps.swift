// SPDX-License-Identifier: Apache-2.0

public import AmandaFormat
import Files
import Logging
import Synchronization

extension RunCatalog {
    /// Enters a dump that is done or failed, in one go; several may be under way.
    ///
    /// Its parts lie on volumes that `volumeWritten` has entered. Its `DONE` is written after index and header, and is on the
    /// disk when this returns; the planner's memory (`curinfo`) comes last, so that a crash leaves a dump that the
    /// planner does not know of, never the reverse. The index, whose compression may take seconds, is made before the lock is
    /// taken: nobody else has files of this dump.
    public func record(_ record: LoggedDump) throws {
        try state.withLock { try requireVolumes(of: record, $0) }
        if record.isUsable {
            try IndexWriter(location: location).write(record)
            logger.debug("index and header are written", metadata: record.metadata)
        }
        try state.withLock { state in
            let place = LogPlace(storage: location.storage, pool: location.pool)
            let lines = record.logLines(state.volumes.isEmpty ? nil : place)
            try log.append(lines.untilVerdict, synchronising: true)
            state.count(record.parts)
            try ended(record, &state)
            try log.append(lines.after + estimateLines(record, state.plan))
            if record.isUsable { try InfoFile(location: location).record(record) }
        }
        logger.info("the dump is in the catalog", metadata: record.metadata)
    }

    private func requireVolumes(of record: LoggedDump, _ state: State) throws {
        if let stray = record.parts.first(where: { state.volumes[$0.label] == nil }) {
            throw CatalogError.unknownVolume(
                label: stray.label, host: record.header.host, disk: record.header.disk)
        }
        if record.isUsable, record.parts.isEmpty, record.needsVolume {
            throw CatalogError.noVolume(dumpOf: record.header.host, disk: record.header.disk)
        }
    }

    /// A held dump has gone to a volume: stock Amanda's commands to flush it go too, as its driver lets them go, else they would
    /// keep the run's volumes for ever.
    public func flushed(_ held: HeldDump) throws { try Self.forgetFlush(of: held, in: location) }

    /// The same without a run.
    public static func forgetFlush(of held: HeldDump, in location: CatalogLocation) throws {
        guard try FileSystem.isPresent(location.commandFile) else { return }
        let file = try LockedFile(
            location.commandFile, waitingAtMost: location.lockWait, by: location.owner)
        let old = String(amandaBytes: try file.contents())
        let new = CommandFile.removing(flushesOf: held.path, from: old)
        if new != old { try file.rewrite(new.amandaBytes) }
    }

    /// Said once of a dump, when it has been made; a flush makes none.
    private func estimateLines(_ record: LoggedDump, _ plan: PlannedRun?) -> [LogLine] {
        guard record.isUsable, record.way != .flushed else { return [] }
        return [plan?.estimateLine(record.name)].compactMap { $0 }
    }
}

extension LoggedDump {
    fileprivate var needsVolume: Bool { if case .held = way { false } else { true } }

    fileprivate var metadata: Logger.Metadata {
        ["disk": "\(header.disk)", "level": "\(header.level)", "parts": "\(parts.count)"]
    }
}
