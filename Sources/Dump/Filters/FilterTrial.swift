// SPDX-License-Identifier: Apache-2.0

import BlockingWork
import ChildProcess
import Cipher
import Files
import Logging

/// A small round trip through a program before a dump begins: a key that cannot decrypt is found before the night.
struct FilterTrial: Sendable {
    let program: FilterProgram
    let user: UserAccount
    let limit: Duration
    let logger: Logger

    /// Neither a multiple of a cipher's blocks nor small.
    static let sampleByteCount = 70_001
    /// Zeros that an encryption program may leave behind what it decrypts.
    static let paddingLimit = 4_096

    /// Gives a note where the way back could not be tried.
    ///
    /// - Throws: `FilterError`, with the program's own message.
    func run() async throws -> String? {
        let sample = (0..<Self.sampleByteCount).map { _ in UInt8.random(in: 0...255) }
        let made = try await result(undoing: false, input: sample)
        guard made.exit == .status(0), !made.output.isEmpty else {
            let what: FaultText =
                made.exit == .status(0) ? "it exited with status 0 and wrote nothing" : "it \(made.exit)"
            throw failure(undoing: false, what, made.messages)
        }
        let back = try await result(undoing: true, input: made.output)
        guard let difference = difference(back, sample) else { return nil }
        guard program.isAsymmetric else {
            throw FilterError.doesNotComeBack(
                program: program.path, option: program.undoOption, what: difference,
                message: FailureCause(back.messages).text ?? FailureCause(made.messages).text)
        }
        return "'\(program.path)' encrypts for a key that this node cannot decrypt with: prove it elsewhere"
    }

    /// Whether the program reads what we encrypt in its place.
    func reads(_ passphrase: Passphrase) async throws -> Bool {
        let sample = (0..<Self.sampleByteCount).map { _ in UInt8.random(in: 0...255) }
        let block = ByteBlock(capacity: sample.count + TransformStage.excessByteCount)
        var encryption = try SaltedCBCEncryption(passphrase)
        try sample.withUnsafeBytes { try encryption.update($0, into: block) }
        try encryption.finish(into: block)
        let back = try await result(undoing: true, input: Array(block.bytes))
        return difference(back, sample) == nil
    }

    private func difference(_ back: ChildResult, _ sample: [UInt8]) -> String? {
        guard back.exit == .status(0) else { return "it \(back.exit)" }
        guard back.output.count >= sample.count else {
            return "\(back.output.count) of \(sample.count) bytes came back"
        }
        guard back.output.starts(with: sample) else { return "other bytes came back" }
        let rest = back.output.dropFirst(sample.count)
        let isPadding =
            program.kind == .encryption && rest.count <= Self.paddingLimit && rest.allSatisfy { $0 == 0 }
        return rest.isEmpty || isPadding ? nil : "\(rest.count) bytes too many came back"
    }

    private func result(undoing: Bool, input: [UInt8]) async throws -> ChildResult {
        do {
            let result = try await ChildProcess.run(
                program.command(undoing: undoing, as: user), input: input, limit: limit)
            logger.debug(
                "tried a program", metadata: ["program": "\(program.path)", "end": "\(result.exit)"])
            return result
        } catch let error as ChildProcessError {
            if case .cannotStart = error { throw program.cannotStart(undoing: undoing, error) }
            throw failure(undoing: undoing, FaultText(of: error), "")
        }
    }

    private func failure(undoing: Bool, _ what: FaultText, _ messages: String) -> FilterError {
        .failed(
            program: program.path, doing: program.doing(undoing: undoing), what: what,
            message: FailureCause(messages).text)
    }
}
