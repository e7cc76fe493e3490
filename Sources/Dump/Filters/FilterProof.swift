// SPDX-License-Identifier: Apache-2.0

public import Files
public import LogOutput
public import Logging

/// Proves that an encryption program gives back what it encrypts, with the keys that lie there now.
public struct FilterProof: Sendable {
    private let trial: FilterTrial

    /// The program runs as `user`, at most `limit` each way.
    public init(
        _ command: FilterCommand, as user: UserAccount, limit: Duration,
        logger: Logger = .discarding
    ) {
        trial = FilterTrial(
            program: FilterProgram(path: command.program, undoOption: command.undoOption, kind: .encryption),
            user: user, limit: limit, logger: logger)
    }

    /// - Throws: `FilterError`, with the program's own words; also where the way back could not be tried.
    public func run() async throws {
        if let note = try await trial.run() {
            throw FilterError.doesNotComeBack(
                program: trial.program.path, option: trial.program.undoOption, what: note, message: nil)
        }
    }
}
