// SPDX-License-Identifier: Apache-2.0

import AmandaFormat
import Cipher

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

    /// Where another attempt may begin without what was handed on coming twice; nil: only at the beginning.
    var resumePoint: Int64? { resumable?.resumePoint }

    private let origin: Origin
    private var resumable: DecompressionStage?

    /// Where the stream comes from.
    struct Origin: Sendable {
        /// Where it begins in the stored stream.
        var start: Int64 = 0
        /// Where it is read.
        let place: @Sendable () -> StreamPlace
        /// Whether what was read there is what the store has.
        let isSure: @Sendable (StreamPlace) -> Bool
    }

    init(_ plan: RestorePlan, source: any BlockSource, _ origin: Origin) throws {
        end = source
        self.origin = origin
        do {
            let filters = plan.filters.asInstalled
            let undone = filters.all.reversed() as [Filter]
            for (index, filter) in undone.prefix(filters.server.count).enumerated() {
                try append(filter, before: undone.dropFirst(index + 1).first, plan)
            }
            if !filters.server.isEmpty, !filters.client.isEmpty {
                trim(to: plan.client)
                let client = MeasuredSource(end)
                self.client = client
                end = client
            }
            for (index, filter) in undone.enumerated().dropFirst(filters.server.count) {
                try append(filter, before: undone.dropFirst(index + 1).first, plan)
            }
            if steps.count == 1 { resumable = steps.first?.stage as? DecompressionStage }
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

    /// `next`: what will be undone behind it, nil for tar's archive.
    private mutating func append(_ filter: Filter, before next: Filter?, _ plan: RestorePlan) throws {
        let settings = plan.filterSettings
        switch filter {
        case .gzip: appendDecompression(.gzip, plan)
        case .zstd: appendDecompression(.zstd, plan)
        case .saltedCBC(let program, let option):
            let passphrase = try settings.passphrase(for: program)
            let notes = MessageNotes()
            append(
                TransformStage("decrypt", end, board: notes) {
                    SaltedCBCDecryption(passphrase, program: program, option: option, notes: notes) {
                        Filter.isPlausible($0, for: next)
                    }
                })
            isDecrypted = true
        case .compression, .encryption:
            guard let program = filter.program else { return }
            let isPadded = isDecrypted && !filter.isEncryption
            append(
                try ProgramStage(
                    program, undoing: true, as: try settings.user(for: program), source: end,
                    blockCount: MemoryPlan.blockCountPerProgram, stallLimit: settings.stallLimit,
                    logger: settings.logger, defersFailure: isPadded,
                    givenFiles: filter.isEncryption ? settings.givenFiles : []),
                mayDislikePadding: isPadded)
            isDecrypted = filter.isEncryption
        }
    }

    private mutating func appendDecompression(_ format: MemberFormat, _ plan: RestorePlan) {
        let wasDecrypted = isDecrypted
        let place: @Sendable () -> StreamPlace = { [origin] in
            var place = origin.place()
            place.isDecrypted = wasDecrypted
            return place
        }
        let stage: DecompressionStage
        // Only what comes as it is stored tells by its place where it lies there.
        if steps.isEmpty {
            stage = DecompressionStage(
                format, end, width: plan.decompressionThreadCount, start: origin.start,
                allowsForeign: origin.isSure, place: place)
        } else {
            stage = DecompressionStage(format, end, width: plan.decompressionThreadCount, place: place)
        }
        append(stage)
        isDecrypted = false
    }

    private mutating func append(_ stage: any StreamStage, mayDislikePadding: Bool = false) {
        steps.append(Step(stage: stage, mayDislikePadding: mayDislikePadding))
        end = stage
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
    /// Whether a stream that begins like this can be what `next` undoes; nil: tar's archive.
    fileprivate static func isPlausible(_ bytes: [UInt8], for next: Filter?) -> Bool {
        switch next {
        case nil: bytes.count >= 262 && bytes[257..<262].elementsEqual("ustar".utf8)
        case .gzip: MemberFormat.gzip.canBegin(with: bytes)
        case .zstd: MemberFormat.zstd.canBegin(with: bytes)
        case .saltedCBC, .compression, .encryption:
            next?.program?.magic.map { bytes.starts(with: $0) } ?? true
        }
    }
}
