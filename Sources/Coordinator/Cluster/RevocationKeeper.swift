// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import BlockingWork
import Certificates
import Files
import Glibc
import LogOutput
import Logging
import Synchronization

/// The lists of revoked certificates as this coordinator knows them: `revoked.pem` beside `ca.pem`. And which node has them.
final class RevocationKeeper: Sendable {
    /// How a node took the newest lists.
    enum Outcome: Sendable, Equatable {
        case has
        /// An older agent, which goes by none.
        case unsupported
        case refused(WireError)
    }

    private struct State {
        var lists: RevocationLists
        var stamp: FileStatus?
        var lookedAt = ContinuousClock.now
        var outcomes: [String: Outcome] = [:]
        /// What was sent to a node, so that it is sent once.
        var sent: [String: RevocationLists] = [:]
        /// What a node has said that it has, so that it is asked for that once: a list of an authority that is gone is nobody's here.
        var fetched: [String: RevocationNumbers] = [:]
    }

    /// How often the file is looked at: another command may write it while this one runs.
    private static let lookEvery: Duration = .seconds(5)
    private static let byteCountLimit = 1 << 20

    let path: String
    private let authorityPath: String
    private let logger: Logger
    private let state: Mutex<State>

    /// Reads the file; none is no error. Blocks.
    ///
    /// - Throws: `CoordinatorError.revocationsDamaged`
    init(_ file: ClusterFile, logger: Logger = .discarding) throws {
        authorityPath = file.resolve(file.settings.tls.authority)
        path = Self.path(file)
        self.logger = logger
        let stamp = try? FileSystem.status(path)
        state = Mutex(State(lists: try Self.read(path, authorityPath), stamp: stamp))
    }

    /// `revoked.pem` beside `ca.pem`.
    static func path(_ file: ClusterFile) -> String {
        "\(FileSystem.parentDirectory(of: file.resolve(file.settings.tls.authority)))/revoked.pem"
    }

    var lists: RevocationLists { state.withLock(\.lists) }
    var numbers: RevocationNumbers { RevocationNumbers(lists.numbers) }

    /// Nil: nothing was heard of the node.
    func outcome(of node: String) -> Outcome? { state.withLock { $0.outcomes[node] } }

    func note(_ outcome: Outcome, of node: String) { state.withLock { $0.outcomes[node] = outcome } }

    /// Whether the lists are yet to be sent to the node by this command.
    func begins(sending lists: RevocationLists, to node: String) -> Bool {
        state.withLock { state in
            guard state.sent[node] != lists else { return false }
            state.sent[node] = lists
            return true
        }
    }

    /// Whether what the node says that it has is yet to be asked for by this command.
    func begins(fetching numbers: RevocationNumbers, from node: String) -> Bool {
        state.withLock { state in
            guard state.fetched[node] != numbers else { return false }
            state.fetched[node] = numbers
            return true
        }
    }

    /// Reads the file again where another command has written it. What cannot be read changes nothing.
    func refresh() async {
        let now = ContinuousClock.now
        let isDue = state.withLock { state in
            guard state.lookedAt.advanced(by: Self.lookEvery) <= now else { return false }
            state.lookedAt = now
            return true
        }
        guard isDue else { return }
        try? await runBlocking("revocations") { try self.readAgain() }
    }

    private func readAgain() throws {
        let stamp = try? FileSystem.status(path)
        guard stamp != state.withLock({ $0.stamp }) else { return }
        let lists = try Self.read(path, authorityPath)
        state.withLock { state in
            state.stamp = stamp
            state.lists = state.lists.joined(with: lists)
        }
    }

    /// Keeps what is newer of lists that somebody else has: their signature is what is believed. The file that lies there is joined too.
    ///
    /// - Throws: `CertificateError`, `FilesError`; nothing changes then.
    func take(_ pem: String) async throws {
        try await runBlocking("revocations") { [self] in
            let given = try RevocationLists(pem: pem, authorities: PEMText.read(authorityPath))
            let kept = try Self.read(path, authorityPath)
            guard lists.joined(with: kept).joined(with: given) != kept else { return note(kept) }
            try change { $0.joined(with: given) }
        }
    }

    /// Puts what `step` makes of the lists that there are in their place, while no other command on this machine does. Blocks.
    ///
    /// - Throws: nothing changes then.
    func change(_ step: (RevocationLists) throws -> RevocationLists) throws {
        let lock = try FileLock("\(path).lock", waitingAtMost: Self.patience)
        FileSystem.removeAbandoned([path])
        let kept = try Self.read(path, authorityPath)
        let known = lists.joined(with: kept)
        let joined = known.joined(with: try step(known))
        if joined != kept { try FileSystem.writeAtomically(path, Array(joined.pem.utf8), mode: 0o644) }
        note(joined)
        _ = consume lock
        logger.info("lists of revoked certificates kept", metadata: ["count": "\(joined.entries.count)"])
    }

    private static let patience = Duration.seconds(10)

    private func note(_ joined: RevocationLists) {
        let stamp = try? FileSystem.status(path)
        state.withLock { state in
            state.lists = state.lists.joined(with: joined)
            state.stamp = stamp
        }
    }

    private static func read(_ path: String, _ authority: String) throws -> RevocationLists {
        guard try FileSystem.isPresent(path) else { return RevocationLists() }
        do {
            let bytes = try FileSystem.readAll(path, limit: byteCountLimit)
            return try RevocationLists(
                pem: String(decoding: bytes, as: UTF8.self), authorities: PEMText.read(authority))
        } catch {
            throw CoordinatorError.revocationsDamaged(path: path, reason: FaultText(of: error))
        }
    }
}
