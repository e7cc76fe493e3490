// SPDX-License-Identifier: Apache-2.0

public import AmandaFormat
import BlockingWork
public import LogOutput
public import Logging
import Synchronization

/// The volumes of a run, one after the other: when one is full, the next file goes to the next.
///
/// All dumps that run side by side share the one volume at hand. A file that was opened before stays where it is, for as
/// long as there is room for it; and a dump that goes on in a further file stays on its volume, if that was left for the
/// number of its dumps alone.
public final class VolumeSeries: DumpTarget {
    /// Why a further volume is wanted.
    public enum Cause: Sendable, Equatable {
        /// The volume at hand is full; what it holds.
        case full(label: String, room: String)
        /// As many dumps lie on it as `max-dle-by-volume` allows.
        case dumpCount(label: String, limit: Int)
    }

    /// Takes a further volume.
    ///
    /// - Throws: where none can be had: the dump that asked, and every one that asks later, fails with it.
    public typealias Next = @Sendable (Cause) async throws -> any DumpVolume

    /// How long a cancelled dump waits for a volume that is being taken: half taken, it would be lost.
    private static let takingLimit = Duration.seconds(20)

    private struct State: Sendable {
        var volume: any DumpVolume
        /// Host and disk of every dump of which anything lies on it.
        var dumps: Set<[String]> = []
        /// By host and disk: the volume of the dump's last file.
        var homes: [[String]: any DumpVolume] = [:]
        var refusal: (any Error)?
    }

    /// Of every volume: a changer has slots of one kind.
    public let layout: StoragePlan
    private let maxDumpsPerVolume: Int
    private let next: Next
    private let logger: Logger
    private let state: Mutex<State>
    /// Whoever holds the one turn opens a file, or takes a volume.
    private let turn = HandOver<Void>(capacity: 1)

    /// - Parameters:
    ///   - first: where the first file goes.
    ///   - maxDumpsPerVolume: `max-dle-by-volume`.
    public init(
        first: any DumpVolume, maxDumpsPerVolume: Int = .max,
        logger: Logger = .discarding,
        next: @escaping Next
    ) throws {
        layout = first.layout
        self.maxDumpsPerVolume = max(1, maxDumpsPerVolume)
        self.next = next
        self.logger = logger
        state = Mutex(State(volume: first))
        try turn.putBlocking(())
    }

    /// The volume that the next file goes to, as long as there is room.
    public var current: any DumpVolume { state.withLock { $0.volume } }

    /// The turn is held for the number alone: a store that is slow to begin one upload holds up no other dump.
    public func open(_ header: DumpHeader, room byteCount: Int) async throws -> any DumpFile {
        try await take(header, byteCount).begun()
    }

    private func take(_ header: DumpHeader, _ byteCount: Int) async throws -> any DumpFile {
        _ = try await turn.take()
        defer { try? turn.putBlocking(()) }  // there is room for the one turn
        if let file = try await openHere(header, byteCount) { return file }
        repeat {
            try await takeNext(cause(for: header))
            if let file = try await openHere(header, byteCount) { return file }
            // One that an earlier attempt has filled says nothing of the next.
        } while current.nextFileNumber > 1
        throw VolumeError.tooSmall(
            label: current.label, needed: Int64(byteCount), room: current.room.summary)
    }

    private func openHere(_ header: DumpHeader, _ byteCount: Int) async throws -> (any DumpFile)? {
        let name = Self.name(of: header)
        let (home, volume) = state.withLock { ($0.homes[name], $0.volume) }
        if let home, home.label != volume.label,
            let file = try await home.openIfRoom(header, room: byteCount)
        {
            return file
        }
        guard takesDump(header), let file = try await volume.openIfRoom(header, room: byteCount) else {
            return nil
        }
        state.withLock { state in
            state.dumps.insert(name)
            state.homes[name] = volume
        }
        return file
    }

    private func takesDump(_ header: DumpHeader) -> Bool {
        state.withLock { state in
            state.dumps.count < maxDumpsPerVolume || state.dumps.contains(Self.name(of: header))
        }
    }

    private func cause(for header: DumpHeader) -> Cause {
        let volume = current
        return takesDump(header)
            ? .full(label: volume.label, room: volume.room.summary)
            : .dumpCount(label: volume.label, limit: maxDumpsPerVolume)
    }

    private static func name(of header: DumpHeader) -> [String] { [header.host, header.disk] }

    /// In a task of its own: the dump that happens to ask may be cancelled, or fail, while the others need the volume.
    private func takeNext(_ cause: Cause) async throws {
        if let refusal = state.withLock({ $0.refusal }) { throw refusal }
        logger.info("volume left", metadata: cause.metadata)
        let taking = Task { [next] in try await next(cause) }
        let patience = Mutex<Task<Void, any Error>?>(nil)
        defer { patience.withLock { $0?.cancel() } }
        do {
            let volume = try await withTaskCancellationHandler {
                try await taking.value
            } onCancel: {
                patience.withLock { patience in
                    patience = Task {
                        try await Task.sleep(for: Self.takingLimit)
                        taking.cancel()
                    }
                }
            }
            state.withLock { $0 = State(volume: volume, homes: $0.homes) }
            logger.info("volume taken", metadata: ["volume": "\(volume.label)"])
        } catch let error where !(error is CancellationError) {
            state.withLock { $0.refusal = error }
            logger.info("no further volume", metadata: ["error": "\("\(error)".forLog)"])
            throw error
        }
    }
}

extension VolumeSeries.Cause {
    fileprivate var metadata: Logger.Metadata {
        switch self {
        case .full(let label, let room): ["volume": "\(label)", "cause": "full: \(room)"]
        case .dumpCount(let label, let limit):
            ["volume": "\(label)", "cause": "max-dle-by-volume \(limit)"]
        }
    }
}
