// SPDX-License-Identifier: Apache-2.0

public import LogOutput
public import Logging
import Synchronization

/// Keeps what a source gave, for every client that shares it, and fetches anew before it expires.
///
/// One fetch at a time. While the old credentials still count nobody waits for it, and nobody notices that it failed.
public final class CredentialCache: CredentialSource {
    private struct State {
        var held: S3Credentials?
        var schedule: RefreshSchedule?
        var isFetching = false
    }

    private let source: any CredentialSource
    private let clock: @Sendable () -> Double
    private let logger: Logger
    private let turn = RequestGate(maximum: 1)
    private let state = Mutex(State())

    /// A cache before `source`; it asks for the first time when it is asked.
    ///
    /// - Parameter logger: told where credentials came from and until when they count; never what they are.
    public convenience init(_ source: any CredentialSource, logger: Logger = .discarding) {
        self.init(source, logger: logger) { WallClock.now }
    }

    /// - Parameter clock: seconds since 1970.
    init(
        _ source: any CredentialSource, logger: Logger = .discarding,
        clock: @escaping @Sendable () -> Double
    ) {
        self.source = source
        self.logger = logger
        self.clock = clock
    }

    /// What is held, or what the source gives now.
    public func credentials() async throws -> S3Credentials {
        if let usable = usable(isInTurn: false) { return usable }
        return try await inTurn {
            if let usable = usable(isInTurn: true) { return usable }
            return try await fetch(orKeep: true)
        }
    }

    /// Others than `refused`, which the store no longer takes; the same again if the source has no others.
    func credentials(insteadOf refused: S3Credentials) async throws -> S3Credentials {
        try await inTurn {
            if let held = state.withLock({ $0.held }), held != refused { return held }
            return try await fetch(orKeep: false)
        }
    }

    /// Where the credentials in use came from; nil before the first.
    var origin: String? { state.withLock { $0.held?.origin } }

    private func usable(isInTurn: Bool) -> S3Credentials? {
        let now = clock()
        return state.withLock { state in
            guard let held = state.held else { return nil }
            guard let schedule = state.schedule, schedule.isDue(now) else { return held }
            return state.isFetching && !isInTurn && !schedule.isUrgent(now) ? held : nil
        }
    }

    private func inTurn(_ body: () async throws -> S3Credentials) async throws -> S3Credentials {
        let ticket = try await turn.enter()
        defer { turn.leave(ticket, .answered) }
        return try await body()
    }

    private func fetch(orKeep mayKeep: Bool) async throws -> S3Credentials {
        state.withLock { $0.isFetching = true }
        defer { state.withLock { $0.isFetching = false } }
        do {
            let fresh = try await source.credentials()
            let now = clock()
            let old = state.withLock { state in
                defer { state.held = fresh }
                state.schedule = fresh.expiresAt.map { RefreshSchedule(expiresAt: $0, fetchedAt: now) }
                return state.held
            }
            note(fresh, insteadOf: old, now)
            return fresh
        } catch {
            if Task.isCancelled || error is CancellationError { throw CancellationError() }
            guard mayKeep, let held = keep(now: clock()) else { throw error }
            logger.info(
                "S3 credentials not renewed, the old ones still count",
                metadata: ["origin": "\(held.origin.forLog)", "reason": "\("\(error)".forLog)"])
            return held
        }
    }

    private func note(_ fresh: S3Credentials, insteadOf old: S3Credentials?, _ now: Double) {
        var metadata: Logger.Metadata = ["origin": "\(fresh.origin.forLog)"]
        metadata["lifetime"] = fresh.expiresAt.map { "\(Int64(Double($0) - now)) s" }
        switch old {
        case nil: logger.info("S3 credentials found", metadata: metadata)
        case fresh: logger.debug("S3 credentials looked for again, still the same", metadata: metadata)
        case _?: logger.info("S3 credentials renewed", metadata: metadata)
        }
    }

    /// The old ones, if they still count: the next fetch is a little later.
    private func keep(now: Double) -> S3Credentials? {
        state.withLock { state in
            guard let held = state.held, state.schedule?.hasExpired(now) == false else { return nil }
            state.schedule?.postpone(now)
            return held
        }
    }
}

/// When credentials that expire are fetched anew: a pure value, in seconds since 1970.
struct RefreshSchedule: Equatable {
    private let expiresAt: Double
    private(set) var dueAt: Double

    /// Five to six minutes before the end, so that many nodes do not come at once; half-way where they live shorter.
    ///
    /// A machine's metadata service that has lost its own source gives what has expired; it is asked every minute.
    /// Source: "Static stability" in the AWS SDKs' reference on IMDS credentials.
    init(expiresAt: Int64, fetchedAt: Double, random: Double = .random(in: 0...1)) {
        self.expiresAt = Double(expiresAt)
        let lifetime = Double(expiresAt) - fetchedAt
        dueAt = fetchedAt + (lifetime > 0 ? max(lifetime - 300 - 60 * random, lifetime / 2) : 60)
    }

    func isDue(_ now: Double) -> Bool { now >= dueAt }

    /// Too near the end to sign a request with.
    func isUrgent(_ now: Double) -> Bool { now >= expiresAt - 30 }

    func hasExpired(_ now: Double) -> Bool { now >= expiresAt }

    /// A fetch failed: again in half a minute or a whole one.
    mutating func postpone(_ now: Double, random: Double = .random(in: 0...1)) {
        dueAt = now + 30 + 30 * random
    }
}
