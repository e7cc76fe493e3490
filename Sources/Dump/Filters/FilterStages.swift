// SPDX-License-Identifier: Apache-2.0

import AmandaFormat
import BlockingWork
import ChildProcess
import Cipher
import Files
import Gzip
import LogOutput
import Logging
import Zstd

/// What steps need besides their stream.
struct FilterSettings: Sendable {
    /// Whom programs run as.
    let user: UserAccount?
    /// Threads of each step that uses every core.
    let width: Int
    let stallLimit: Duration
    /// What programs find in the place of what lies there, and what we read ourselves: keys of another time.
    var givenFiles: [ChildFile] = []
    var logger = Logger.discarding

    /// The user for `program`.
    ///
    /// - Throws: `FilterError` where there is none, or it is root while we could be somebody else.
    func user(for program: FilterProgram) throws(FilterError) -> UserAccount {
        guard let user else { throw .noUser(program: program.path) }
        guard user.owner.userID != 0 else { throw .asRoot(program: program.path) }
        return user
    }

    /// Amanda's passphrase, for what we encrypt in place of `program`. Blocks.
    func passphrase(for program: String) throws(FilterError) -> Passphrase {
        guard let user else { throw .noUser(program: program) }
        return try Passphrase.read(of: user, among: givenFiles)
    }

    /// Tries every program there and back, before anything is begun. Gives the chain as it will run, and notes.
    func tryOut(_ chain: FilterChain) async throws -> (chain: FilterChain, notes: [String]) {
        var notes: [String] = []
        var tried = chain
        for index in chain.client.indices {
            tried.client[index] = try await tryOut(chain.client[index], &notes)
        }
        for index in chain.server.indices {
            tried.server[index] = try await tryOut(chain.server[index], &notes)
        }
        return (tried, notes)
    }

    private func tryOut(_ filter: Filter, _ notes: inout [String]) async throws -> Filter {
        let limit = min(stallLimit, .seconds(120))
        switch filter {
        case .gzip, .zstd: return filter
        case .saltedCBC(let path, let option):
            let found = try await runBlocking("passphrase", asking: [path]) { () -> (Passphrase, Bool)? in
                // Its own passphrase may lie elsewhere.
                guard filter.asInstalled == filter else { return nil }
                return try (self.passphrase(for: path), FileSystem.isPresent(path))
            }
            guard let (passphrase, isInstalled) = found else {
                notes.append("'\(path)' does not read what it makes as delivered: it runs itself")
                return try await tryOut(.encryption(program: path, decryptOption: option), &notes)
            }
            guard isInstalled, let user else { return filter }
            let program = FilterProgram(path: path, undoOption: option, kind: .encryption)
            let trial = FilterTrial(program: program, user: user, limit: limit, logger: logger)
            if try await trial.reads(passphrase) { return filter }
            notes.append("'\(path)' does not read what it makes as delivered: it runs itself")
            return try await tryOut(.encryption(program: path, decryptOption: option), &notes)
        case .compression, .encryption:
            guard let program = filter.program else { return filter }
            let trial = FilterTrial(
                program: program, user: try user(for: program), limit: limit, logger: logger)
            if let note = try await trial.run() { notes.append(note) }
            return filter
        }
    }
}

extension FilterChain {
    /// What is missing for its steps, in their order; nothing is run.
    func faults(_ settings: FilterSettings) -> [FilterError] {
        all.compactMap { filter in
            do throws(FilterError) {
                try settings.requirePresent(filter)
                return nil
            } catch {
                return error
            }
        }
    }
}

extension FilterSettings {
    fileprivate func requirePresent(_ filter: Filter) throws(FilterError) {
        let filter = filter.asInstalled
        if case .saltedCBC(let program, _) = filter { _ = try passphrase(for: program) }
        guard let program = filter.program else { return }
        _ = try user(for: program)
        let isThere: Bool
        do {
            isThere = try FileSystem.isPresent(program.path)
        } catch {
            throw .failed(
                program: program.path, doing: "start", what: FaultText(of: error), message: nil)
        }
        guard isThere else { throw .missing(program: program.path) }
    }
}

/// The steps of a dump, from tar's archive to what is stored, and the three checksums of Amanda's headers.
struct DumpStages: Sendable {
    private(set) var stages: [any StreamStage] = []
    private let native: MeasuredSource
    private var client: MeasuredSource
    private var end: any BlockSource
    private let isClientEqualToStored: Bool

    /// Blocks: it reads the passphrase, and starts programs.
    init(_ chain: FilterChain, _ settings: FilterSettings, source: any BlockSource) throws {
        isClientEqualToStored = chain.server.isEmpty
        native = MeasuredSource(source)
        client = native
        end = native
        do {
            for (index, filter) in chain.client.enumerated() {
                try append(filter, before: chain.all.dropFirst(index + 1).first, settings)
            }
            if !chain.client.isEmpty, !chain.server.isEmpty {
                client = MeasuredSource(end)
                end = client
            }
            for (index, filter) in chain.server.enumerated() {
                try append(filter, before: chain.server.dropFirst(index + 1).first, settings)
            }
            if stages.isEmpty { stages.append(RelayStage(end, capacity: settings.width)) }
        } catch {
            for stage in stages { stage.fail(error) }
            throw error
        }
    }

    /// The step that gives what is stored.
    var last: any StreamStage { stages[stages.count - 1] }

    /// Tar's archive, and what Amanda's client would send. Both are whole only at the end of the stream.
    func totals(stored: CRCSize) -> DumpTotals {
        DumpTotals(
            native: native.total, client: isClientEqualToStored ? stored : client.total, stored: stored)
    }

    private mutating func append(
        _ filter: Filter, before next: Filter?, _ settings: FilterSettings
    ) throws {
        let stage: any StreamStage
        switch filter {
        case .gzip(let level):
            stage = CompressionStage(
                end, width: settings.width, memberByteCount: MemoryPlan.memberBlockByteCount
            ) { native, member in try GzipMember.compress(native, into: member, level: level) }
        case .zstd:
            let unit = next == nil ? nil : Self.paddingUnit
            stage = CompressionStage(
                end, width: settings.width, memberByteCount: MemoryPlan.memberBlockByteCount,
                ending: { byteCount in
                    unit.map { ZstdMember.filling(byteCount: byteCount, toMultipleOf: $0) } ?? []
                }
            ) { native, member in try ZstdMember.compress(native, into: member) }
        case .saltedCBC(let program, _):
            let passphrase = try settings.passphrase(for: program)
            stage = TransformStage("encrypt", end) { try SaltedCBCEncryption(passphrase) }
        case .compression, .encryption:
            guard let program = filter.program else { return }
            stage = try ProgramStage(
                program, undoing: false, as: try settings.user(for: program), source: end,
                blockCount: MemoryPlan.blockCountPerProgram, stallLimit: settings.stallLimit,
                logger: settings.logger)
        }
        stages.append(stage)
        end = stage
    }

    /// Amanda's programs fill to 512 and to 96 bytes: a multiple of both leaves nothing to fill.
    private static let paddingUnit = 1_536
}

extension [any StreamStage] {
    /// Wakes every thread of every step with `error`.
    func fail(_ error: any Error) {
        for stage in self { stage.fail(error) }
    }

    /// Waits for what the steps run.
    func end() async {
        for stage in self { await stage.end() }
    }
}
