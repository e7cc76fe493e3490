// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import BlockingWork
import Digest
import Files
import FoundationEssentials
import Logging

/// The ledgers of restores that have not ended, in the agent's state directory. Every call blocks.
struct RestoreLedgers: Sendable {
    private static let byteCountLimit = 16 << 20

    private let directory: String

    init(stateDirectory: String) {
        directory = "\(stateDirectory)/restores"
    }

    /// The ledger of the same restore (run, targets, flags) where it has not ended, or has not on other nodes; else a new one, which is
    /// written with its first entry.
    func ledger(
        of run: RunName, _ order: RestoreOrder, at now: Date = Date(), logger: Logger
    ) -> RestoreLedger {
        let new = RestoreLedger(run: run, order: order)
        guard var known = read(path(of: new), logger), known.run == run,
            known.order.undertaking == new.order
        else { return new }
        if known.endedAt != nil, order.continues != true || known.isOver(at: now) { return new }
        known.endedAt = nil
        return known
    }

    /// Writes it down. Another restore that wrote into the same directories can no longer go on.
    func save(_ ledger: RestoreLedger, logger: Logger) throws {
        try FileSystem.makeDirectories(directory, mode: 0o700)
        let own = path(of: ledger)
        try FileSystem.writeAtomically(own, WireJSON.document(ledger), mode: 0o600)
        for (path, other) in try all(logger) where path != own {
            let meets = other.entries.contains { entry in ledger.entries.contains { $0.meets(entry.target) } }
            if meets || other.isOver(at: Date()) { try FileSystem.remove(path) }
        }
    }

    /// The restore has ended here; elsewhere it may not have.
    func end(_ ledger: RestoreLedger, at now: Date = Date(), logger: Logger) throws {
        var ledger = ledger
        ledger.endedAt = now
        try save(ledger, logger: logger)
    }

    /// Removes what killed restores left in their targets; nothing else of theirs.
    func removeStaging(logger: Logger) {
        let entries = ((try? all(logger)) ?? []).flatMap(\.ledger.entries).filter { $0.report == nil }
        // A file system that hangs does not keep the agent from starting.
        let answering = PatientLook.all(entries.map(\.target), what: "leftovers", limit: .seconds(3)) {
            FileSystem.isDirectory($0)
        }
        for entry in entries where answering[entry.target] == true {
            do {
                guard let known = entry.directory else { continue }
                let target = try OpenDirectory(entry.target)
                guard try DirectoryIdentity(target) == known else { continue }
                let wasThere = try target.status(of: StagedRestore.name) != nil
                try target.removeTree(StagedRestore.name)
                if wasThere {
                    logger.info(
                        "leftovers of an earlier agent removed",
                        metadata: ["path": "\(entry.target)/\(StagedRestore.name)"])
                }
            } catch {
                logger.warning("\(error)")
            }
        }
    }

    private func all(_ logger: Logger) throws -> [(path: String, ledger: RestoreLedger)] {
        guard try FileSystem.isPresent(directory) else { return [] }
        return try FileSystem.list(directory).filter { $0.hasSuffix(".json") }.compactMap { name in
            let path = "\(directory)/\(name)"
            return read(path, logger).map { (path, $0) }
        }
    }

    /// What cannot be read is as if it were not there: the restore is begun anew, and refused where it may not be.
    private func read(_ path: String, _ logger: Logger) -> RestoreLedger? {
        do {
            guard try FileSystem.isPresent(path) else { return nil }
            return try WireJSON.read(
                RestoreLedger.self, from: FileSystem.readAll(path, limit: Self.byteCountLimit), what: path)
        } catch {
            logger.warning("\(error)")
            return nil
        }
    }

    private func path(of ledger: RestoreLedger) -> String {
        let order = (try? WireJSON.line(ledger.order)) ?? []
        let digest = SHA256.digest(Array("\(ledger.run) ".utf8) + order)
        return "\(directory)/\(Array(digest.prefix(16)).hexadecimal).json"
    }
}
