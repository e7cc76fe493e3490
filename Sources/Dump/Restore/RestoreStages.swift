// SPDX-License-Identifier: Apache-2.0

import AmandaFormat
import Gzip

/// The steps of a restore, from what is stored back to tar's archive: the dump's steps in reverse.
struct RestoreStages: Sendable {
    /// A step, and whether its program may dislike the zeros that encryption left behind its input.
    private struct Step: Sendable {
        let stage: any StreamStage
        let mayDislikePadding: Bool
    }

    private var steps: [Step] = []
    private var client: MeasuredSource?
    private var isDecrypted = false
    /// Where tar's archive comes out.
    private(set) var end: any BlockSource

    var stages: [any StreamStage] { steps.map(\.stage) }
    /// What Amanda's client had sent, where that is neither what is stored nor the archive; whole at the stream's end.
    var clientTotal: CRCSize? { client?.total }

    init(_ plan: RestorePlan, source: any BlockSource, place: @escaping @Sendable () -> StreamPlace) throws {
        end = source
        do {
            for filter in plan.filters.server.reversed() { try append(filter, plan, place) }
            if !plan.filters.server.isEmpty, !plan.filters.client.isEmpty {
                trim(to: plan.client)
                let client = MeasuredSource(end)
                self.client = client
                end = client
            }
            for filter in plan.filters.client.reversed() { try append(filter, plan, place) }
            trim(to: plan.native)
        } catch {
            stages.fail(error)
            throw error
        }
    }

    /// What follows decryption of a stream of known length is that stream.
    private mutating func trim(to sum: CRCSize?) {
        guard isDecrypted, let sum, sum.isKnown else { return }
        end = TrimmedSource(end, byteCount: sum.byteCount)
        isDecrypted = false
    }

    private mutating func append(
        _ filter: Filter, _ plan: RestorePlan, _ place: @escaping @Sendable () -> StreamPlace
    ) throws {
        guard let program = filter.undoingProgram else {
            let wasDecrypted = isDecrypted
            let stage = DecompressionStage(end, width: plan.decompressionThreadCount) {
                var place = place()
                place.isDecrypted = wasDecrypted
                return place
            }
            return append(stage)
        }
        let settings = plan.filterSettings
        let isPadded = isDecrypted && program.kind == .compression
        append(
            try ProgramStage(
                program, undoing: true, as: try settings.user(for: program), source: end,
                blockCount: MemoryPlan.blockCountPerProgram, stallLimit: settings.stallLimit,
                defersFailure: isPadded),
            mayDislikePadding: isPadded)
        isDecrypted = program.kind == .encryption || isDecrypted && program.kind != .compression
    }

    private mutating func append(_ stage: any StreamStage, mayDislikePadding: Bool = false) {
        steps.append(Step(stage: stage, mayDislikePadding: mayDislikePadding))
        end = stage
        if stage is DecompressionStage { isDecrypted = false }
    }

    /// The stream has ended well. Gives notes: a decompressor that only disliked padding, with the whole archive proved.
    func checkEnd(_ plan: RestorePlan, native: CRCSize) async throws -> [String] {
        var notes: [String] = []
        for step in steps {
            do {
                try await step.stage.checkEnd()
                notes += step.stage.messages
            } catch let error as FilterError {
                guard step.mayDislikePadding, let expected = plan.native, expected.isKnown,
                    expected == native
                else { throw error }
                notes.append("\(error) (the archive is whole: its length and CRC-32C are those recorded)")
            }
        }
        return notes
    }
}

extension Filter {
    /// The program that undoes it; nil: we do, and no program of that name need be there.
    var undoingProgram: FilterProgram? {
        guard let program else { return nil }
        return program.kind == .compression && ["gzip", "pigz"].contains(program.name) ? nil : program
    }
}
