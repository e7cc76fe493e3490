// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import AmandaFormat
import BlockingWork
import ChildProcess
import Files
import S3

/// The keys that a dump was made with, where they are not those that lie in their places: a passphrase may have changed between two
/// runs, or between two attempts of one, and another may be this machine's own. What decrypts is shown them; nothing on disk changes.
struct DumpKeys: Sendable {
    let sealed: SecretsOrder
    let settings: AgentSettings
    let dumpusers: [UserAccount]
    /// Paths that the operator has named.
    let accepted: [String]
    /// The source node's own record of a run; nil: there is definitely none.
    let record: @Sendable (RunName) async throws -> NodeRecord?
    /// Tells an operator what is a guess.
    let note: @Sendable (String) async -> Void

    /// Costs a request a dump, where the node has had more than one set of keys.
    ///
    /// - Throws: `S3Error` where the store does not answer: with whose keys nobody knows then.
    func given(_ dump: RestorableDump, of disk: RestorableDisk) async throws -> [ChildFile] {
        let files = sealed.keys(of: dump.run, recorded: try await recorded(dump, of: disk))
        return try await runBlocking("keys") { [self] in
            let places = SecretPlaces(settings, dumpusers: dumpusers, accepted: accepted)
            return files.compactMap { Self.given($0, places) }
        }
    }

    /// Where there is no record, as of stock Amanda's dumps, the run tells enough for nearly all. The same goes for one that this node may
    /// not read or that is damaged: trying again would change nothing, and a wrong key gives nothing back.
    private func recorded(_ dump: RestorableDump, of disk: RestorableDisk) async throws -> SealedVersion? {
        guard sealed.isDivided else { return nil }
        do {
            return try await record(dump.run)?.configurations.first { $0.name == disk.configuration.name }?
                .dumps.last {
                    $0.host == disk.host ?? $0.host && $0.disk == disk.disk && $0.level == dump.level
                }?
                .sealed
        } catch let error as S3Error where error.isLasting {
            await note(Self.guess(dump, of: disk, error))
        } catch let error as WireJSONError {
            await note(Self.guess(dump, of: disk, error))
        }
        return nil
    }

    private static func guess(
        _ dump: RestorableDump, of disk: RestorableDisk, _ fault: any Fault
    ) -> String {
        "\(disk.configuration.name): \(disk.disk): which keys level \(dump.level) of run \(dump.run) was made with could not be read, and those of its run are taken: "
            + fault.facts
    }

    /// - Returns: nil where the same lies there, nothing does, or no key of Amanda's may. Blocks.
    private static func given(_ file: SealedFile, _ places: SecretPlaces) -> ChildFile? {
        guard case .place(let place) = places.decide(file),
            (try? FileSystem.status(file.path))??.kind == .regular
        else { return nil }
        let there = try? FileSystem.readRegular(file.path, limit: SecretLimits.fileByteCount).bytes
        guard there != file.content else { return nil }
        return ChildFile(
            path: file.path, content: file.content, userID: place.owner.userID, groupID: place.owner.groupID,
            mode: place.mode)
    }
}
