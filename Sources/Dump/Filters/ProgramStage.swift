// SPDX-License-Identifier: Apache-2.0

import BlockingWork
import ChildProcess
import Files
import Logging
import Synchronization

/// A stream through a program: one thread feeds its standard input, another reads its standard output.
///
/// Both its exit status and its bytes are judged. It has stalled only when it neither takes what is offered nor gives
/// anything although somebody reads: waiting for tar or for the store is not its fault.
final class ProgramStage: StreamStage {
    private let program: FilterProgram
    private let isUndoing: Bool
    private let source: any BlockSource
    private let pool: BlockPool
    private let queue: HandOver<ByteBlock>
    private let child: ChildProcess
    private let stallLimit: Duration
    private let logger: Logger
    private let defersFailure: Bool
    private let state = Mutex(State())

    private struct State {
        var fedByteCount: Int64 = 0
        var givenByteCount: Int64 = 0
        var firstBytes: [UInt8] = []
        /// Nil while the source is waited for: then the program cannot be blamed.
        var offeredSince: ContinuousClock.Instant?
        var isInputClosed = false
        var deferred: FilterError?
    }

    private static let sliceByteCount = 65_536

    /// Starts the program as `user`. `defersFailure`: that it ends early is said by `checkEnd` only, after everything
    /// that it gave has passed.
    init(
        _ program: FilterProgram, undoing: Bool, as user: UserAccount, source: any BlockSource,
        blockCount: Int, stallLimit: Duration, logger: Logger, defersFailure: Bool = false,
        givenFiles: [ChildFile] = []
    ) throws {
        self.program = program
        isUndoing = undoing
        self.source = source
        self.stallLimit = stallLimit
        self.logger = logger
        self.defersFailure = defersFailure
        pool = BlockPool(blockByteCount: MemoryPlan.nativeBlockByteCount, blockCount: blockCount)
        queue = HandOver(capacity: blockCount)
        child = try program.spawn(undoing: undoing, as: user, givenFiles)
        logger.started(program.path, child)
    }

    var jobs: [StageJob] {
        [
            StageJob(name: "filter-input") { [self] in try feed() },
            StageJob(name: "filter-output") { [self] in try read() },
        ]
    }

    func takeBlocking() throws -> ByteBlock? { try queue.takeBlocking() }

    func take() async throws -> ByteBlock? { try await queue.take() }

    func release(_ block: ByteBlock) { pool.release(block) }

    func fail(_ error: any Error) {
        pool.fail(error)
        queue.fail(error)
        child.terminate(grace: .seconds(2))
    }

    var messages: [String] {
        child.keptMessages.split(separator: "\n").suffix(TarListing.keptMessageCount).map {
            "\(program.path): \($0)"
        }
    }

    private func feed() throws {
        while let block = try source.takeBlocking() {
            if state.withLock({ $0.deferred == nil }) { try feed(block) }
            source.release(block)
        }
        state.withLock { state in
            state.isInputClosed = true
            state.offeredSince = .now
        }
        child.closeInput()
    }

    private func feed(_ block: ByteBlock) throws {
        var rest = block.bytes
        while !rest.isEmpty {
            let slice = UnsafeRawBufferPointer(rebasing: rest.prefix(Self.sliceByteCount))
            state.withLock { $0.offeredSince = .now }
            do {
                // Whoever reads its output watches the time; `fail` ends the program, and with it this write.
                try child.writeBlocking(slice, stallLimit: .seconds(10 * 365 * 86_400))
            } catch ChildProcessError.inputRefused {
                return try endEarly()
            }
            state.withLock { state in
                state.fedByteCount += Int64(slice.count)
                state.offeredSince = nil
            }
            rest = UnsafeRawBufferPointer(rebasing: rest.dropFirst(slice.count))
        }
    }

    private func read() throws {
        var hasMore = true
        while hasMore {
            let block = try pool.acquireBlocking()
            hasMore = try fill(block)
            guard block.count > 0 else {
                pool.release(block)
                continue
            }
            state.withLock { state in
                if state.firstBytes.count < 16 {
                    state.firstBytes += block.bytes.prefix(16 - state.firstBytes.count)
                }
                state.givenByteCount += Int64(block.count)
            }
            try queue.putBlocking(block)
        }
        if !state.withLock({ $0.isInputClosed }) {
            try endEarly()
        }
        queue.finish()
    }

    /// False at the end of its output.
    private func fill(_ block: ByteBlock) throws -> Bool {
        var lastByte = ContinuousClock.now
        while true {
            let before = block.count
            do {
                return try child.readBlocking(into: block, stallLimit: min(stallLimit, .seconds(1)))
            } catch ChildProcessError.stalled {
                if block.count > before { lastByte = .now }
                guard let offered = state.withLock({ $0.offeredSince }) else { continue }
                guard ContinuousClock.now - max(offered, lastByte) < stallLimit else {
                    throw failure("it neither gave nor took a byte for \(stallLimit)")
                }
            }
        }
    }

    func checkEnd() async throws {
        if let deferred = state.withLock({ $0.deferred }) { throw deferred }
        let exit: ChildExit
        do {
            exit = try await child.exit(within: stallLimit)
        } catch ChildProcessError.stalled {
            throw failure("it did not end within \(stallLimit) after its last byte")
        }
        try judge(exit)
    }

    /// Status 0, and bytes that can be what was asked for.
    private func judge(_ exit: ChildExit) throws {
        guard exit == .status(0) else { throw failure("it \(exit)") }
        let state = state.withLock { $0 }
        if state.fedByteCount > 0, state.givenByteCount == 0 {
            throw failure("it exited with status 0 and wrote nothing")
        }
        guard !isUndoing, state.fedByteCount > 0 else { return }
        if let magic = program.magic, !state.firstBytes.starts(with: magic) {
            throw failure("what it wrote does not begin as \(program.name)'s output does")
        }
        if let expected = program.outputByteCount(ofInput: state.fedByteCount),
            expected != state.givenByteCount
        {
            throw failure(
                "it exited with status 0 and wrote \(state.givenByteCount) bytes instead of \(expected)")
        }
    }

    func end() async {
        child.terminate(grace: .seconds(2))
        logger.ended(program.path, await child.exit())
    }

    private func endEarly() throws {
        let failure = earlyEnd
        guard defersFailure else { throw failure }
        state.withLock { $0.deferred = $0.deferred ?? failure }
    }

    /// What a closed pipe means: its own end tells more, if it comes soon.
    private var earlyEnd: FilterError {
        switch child.exitBlocking(within: .seconds(2)) {
        case nil: failure("it closed a pipe before the end of its input")
        case .status(0): failure("it exited with status 0 before the end of its input")
        case let exit?: failure("it \(exit)")
        }
    }

    private func failure(_ what: String) -> FilterError {
        .failed(
            program: program.path, doing: program.doing(undoing: isUndoing), what: "\(what)",
            message: FailureCause(child.keptMessages).text)
    }
}

extension FilterProgram {
    func spawn(
        undoing: Bool, as user: UserAccount, _ givenFiles: [ChildFile] = []
    ) throws(FilterError) -> ChildProcess {
        var command = command(undoing: undoing, as: user)
        command.files = givenFiles
        do throws(ChildProcessError) {
            return try ChildProcess.spawn(command)
        } catch {
            throw cannotStart(undoing: undoing, error)
        }
    }

    func cannotStart(undoing: Bool, _ error: ChildProcessError) -> FilterError {
        (try? FileSystem.isPresent(path)) == false
            ? .missing(program: path)
            : .failed(program: path, doing: doing(undoing: undoing), what: FaultText(of: error), message: nil)
    }
}
