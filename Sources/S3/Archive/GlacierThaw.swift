// SPDX-License-Identifier: Apache-2.0

import BlockingWork
import Saturation

/// An object that a restore needs, and the client of its bucket.
public struct NeededObject: Sendable {
    /// Of the object's bucket.
    public let client: S3Client
    /// The whole key.
    public let key: String
    /// What the store has just said of it; nil: it has not been asked.
    public let info: S3ObjectInfo?

    public init(client: S3Client, key: String, info: S3ObjectInfo? = nil) {
        self.client = client
        self.key = key
        self.info = info
    }

    /// False: it can be read as it is. Of one of which nothing is known it may be either.
    public var mayBeArchived: Bool { info.map { $0.archiveState != .readable } ?? true }

    /// To be asked for anew.
    fileprivate var again: NeededObject { NeededObject(client: client, key: key) }
}

/// Makes everything readable that a restore needs: looks at all objects first, asks for those in the archive in one go,
/// and waits.
public struct GlacierThaw: Sendable {
    /// What to ask for and how long to wait.
    public struct Options: Sendable, Hashable {
        /// How long the copies stay. Stock Amanda asks for 4.
        public var days = 4
        public var tier = S3ThawTier.standard
        /// Between two looks.
        var pollInterval = Duration.seconds(300)
        /// nil: twice the longest time that AWS takes as a rule.
        public var deadline: Duration?

        public init() {}
    }

    /// How far it is.
    public struct Progress: Sendable, Hashable {
        /// Objects that were in the archive.
        public let archivedCount: Int
        public let thawedCount: Int
        public let archivedBytes: Int64
        /// By the slowest storage class among them.
        public let usualMinutes: ClosedRange<Int>
        public let elapsed: Duration
    }

    fileprivate struct Archived: Sendable {
        let object: NeededObject
        let info: S3ObjectInfo
        var storageClass: String { info.storageClass ?? "GLACIER" }
    }

    private static let width = 16
    /// A copy that ends sooner is asked for anew, so that it does not end in mid-restore.
    private static let leastSecondsLeft: Int64 = 86_400

    private let options: Options

    public init(_ options: Options = Options()) {
        self.options = options
    }

    /// Refuses what cannot be read at once.
    ///
    /// - Throws: `S3Error.archived` naming key, class and remedy; `.notFound` for what is not there at all.
    public static func requireReadable(_ objects: [NeededObject]) async throws {
        for archived in try await look(at: objects) {
            if case .thawed = archived.info.archiveState { continue }
            throw archivedError(archived)
        }
    }

    /// Brings back what is in the archive and returns when all of it can be read.
    ///
    /// - Parameter progress: called after each look, for the operator.
    /// - Throws: `S3Error.thawTooSlow` at the deadline; what has thawed stays so, and a second call goes on from there.
    public func thaw(
        _ objects: [NeededObject], progress: @escaping @Sendable (Progress) async -> Void = { _ in }
    ) async throws {
        let archived = try await Self.look(at: objects)
        let unready = archived.filter { !Self.isReady($0) }
        guard !unready.isEmpty else { return }
        try requireTier(for: unready)
        try await ask(for: unready.filter { $0.info.archiveState != .thawing })
        let minutes = usualMinutes(unready)
        let begun = ContinuousClock.now
        let deadline = options.deadline ?? .seconds(minutes.upperBound * 120)
        var pending = unready
        while true {
            pending = try await Self.look(at: pending.map(\.object.again)).filter { !$0.isReadable }
            let elapsed = ContinuousClock.now - begun
            await progress(
                Progress(
                    archivedCount: unready.count, thawedCount: unready.count - pending.count,
                    archivedBytes: unready.map(\.info.byteCount).saturatedSum, usualMinutes: minutes,
                    elapsed: elapsed))
            if pending.isEmpty { return }
            guard elapsed < deadline else { throw S3Error.thawTooSlow(count: pending.count, after: elapsed) }
            try await Task.sleep(for: min(options.pollInterval, deadline - elapsed + .milliseconds(1)))
            try await ask(for: pending.filter { $0.info.archiveState == .frozen })
        }
    }

    /// What a thaw would have to wait for: nothing is asked for.
    ///
    /// - Returns: nil: everything can be read as it is.
    public func outlook(_ objects: [NeededObject]) async throws -> Progress? {
        let unready = try await Self.look(at: objects).filter { !Self.isReady($0) }
        guard !unready.isEmpty else { return nil }
        try requireTier(for: unready)
        return Progress(
            archivedCount: unready.count, thawedCount: 0,
            archivedBytes: unready.map(\.info.byteCount).saturatedSum,
            usualMinutes: usualMinutes(unready), elapsed: .zero)
    }

    private static func isReady(_ archived: Archived) -> Bool {
        guard case .thawed(let until) = archived.info.archiveState else { return false }
        return until.map { $0 - archived.object.client.storeTime > leastSecondsLeft } ?? true
    }

    private func requireTier(for archived: [Archived]) throws {
        guard options.tier == .expedited,
            let deep = archived.first(where: { $0.storageClass == "DEEP_ARCHIVE" })
        else { return }
        throw S3Error.invalidLocation(
            "'\(deep.object.key)' is in DEEP_ARCHIVE, from which nothing comes back expedited",
            hint: "ask for tier standard or bulk.")
    }

    private func ask(for archived: [Archived]) async throws {
        let options = options
        _ = try await onEvery(archived, width: Self.width) { entry in
            try await entry.object.client.restoreFromArchive(
                entry.object.key, days: options.days, tier: options.tier)
        }
    }

    private func usualMinutes(_ archived: [Archived]) -> ClosedRange<Int> {
        Set(archived.map(\.storageClass)).map { options.tier.usualMinutes(storageClass: $0) }
            .max { $0.upperBound < $1.upperBound } ?? 0...0
    }

    /// HEAD on every object of which nothing is known yet; gives those that are in the archive, thawed or not.
    private static func look(at objects: [NeededObject]) async throws -> [Archived] {
        let found = try await onEvery(objects, width: width) { object in
            let asked = object.info == nil ? try await object.client.head(object.key) : nil
            guard let info = object.info ?? asked else {
                throw S3Error.notFound(
                    object.client.call(S3Request(action: "HeadObject", method: "HEAD", key: object.key)))
            }
            return Archived(object: object, info: info)
        }
        return found.filter { $0.info.archiveState != .readable }
    }

    private static func archivedError(_ archived: Archived) -> S3Error {
        let request = S3Request(action: "GetObject", method: "GET", key: archived.object.key)
        return .archived(archived.object.client.call(request), storageClass: archived.storageClass)
    }
}

extension GlacierThaw.Archived {
    fileprivate var isReadable: Bool {
        if case .thawed = info.archiveState { true } else { false }
    }
}
