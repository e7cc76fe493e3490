// SPDX-License-Identifier: Apache-2.0

import AmandaFormat
import ChildProcess
import Files
import Gzip

/// What steps need besides their stream.
struct FilterSettings: Sendable {
    /// Whom programs run as.
    let user: UserAccount?
    /// Threads of each step that uses every core.
    let width: Int
    let stallLimit: Duration

    /// The user for `program`.
    ///
    /// - Throws: `FilterError` where there is none, or it is root while we could be somebody else.
    func user(for program: FilterProgram) throws(FilterError) -> UserAccount {
        guard let user else { throw .noUser(program: program.path) }
        guard user.owner.userID != 0 else { throw .asRoot(program: program.path) }
        return user
    }

    /// Tries every program there and back, before anything is begun. Gives notes.
    func tryOut(_ chain: FilterChain) async throws -> [String] {
        var notes: [String] = []
        for filter in chain.all {
            guard let program = filter.program else { continue }
            let trial = FilterTrial(
                program: program, user: try user(for: program), limit: min(stallLimit, .seconds(120)))
            if let note = try await trial.run() { notes.append(note) }
        }
        return notes
    }
}

/// The steps of a dump, from tar's archive to what is stored, and the three checksums of Amanda's headers.
struct DumpStages: Sendable {
    private(set) var stages: [any StreamStage] = []
    private let native: MeasuredSource
    private var client: MeasuredSource
    private var end: any BlockSource
    private let isClientEqualToStored: Bool

    init(_ chain: FilterChain, _ settings: FilterSettings, source: any BlockSource) throws {
        isClientEqualToStored = chain.server.isEmpty
        native = MeasuredSource(source)
        client = native
        end = native
        do {
            for filter in chain.client { try append(filter, settings) }
            if !chain.client.isEmpty, !chain.server.isEmpty {
                client = MeasuredSource(end)
                end = client
            }
            for filter in chain.server { try append(filter, settings) }
            if stages.isEmpty { stages.append(RelayStage(end, capacity: settings.width)) }
        } catch {
            for stage in stages { stage.fail(error) }
            throw error
        }
    }

    /// The step that gives what is stored.
    var last: any StreamStage { stages[stages.count - 1] }

    /// Tar's archive, and what Amanda's client would send. Both are whole only at the end of the stream.
    func totals(stored: CRCSize) -> DumpPipeline.Totals {
        DumpPipeline.Totals(
            native: native.total, client: isClientEqualToStored ? stored : client.total, stored: stored)
    }

    private mutating func append(_ filter: Filter, _ settings: FilterSettings) throws {
        let stage: any StreamStage
        switch filter {
        case .gzip(let level):
            stage = CompressionStage(
                end, width: settings.width, memberByteCount: MemoryPlan.memberBlockByteCount
            ) { native, member in try GzipMember.compress(native, into: member, level: level) }
        case .compression, .encryption:
            guard let program = filter.program else { return }
            stage = try ProgramStage(
                program, undoing: false, as: try settings.user(for: program), source: end,
                blockCount: MemoryPlan.blockCountPerProgram, stallLimit: settings.stallLimit)
        }
        stages.append(stage)
        end = stage
    }
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
