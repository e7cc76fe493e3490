// SPDX-License-Identifier: Apache-2.0

/// Which of a node's sealed versions are taken for the dumps of a run, in which order they are tried, and which were refused and why.
///
/// First the one that the run's record names, then the newest that is no younger than the run, then the others, newest first. Whoever
/// looks fetches what `next` names and says what became of it.
public struct SealedSearch: Sendable {
    /// Versions that are tried at most.
    public static let limit = 4

    /// One that was not taken.
    public struct Refused: Sendable {
        public let version: SealedVersion
        /// nil: there is no such object.
        public let fault: WireError?
    }

    private let run: RunName
    private let recorded: SealedVersion?
    private var open: ArraySlice<SealedVersion>
    public private(set) var refused: [Refused] = []

    /// - Parameters:
    ///   - recorded: what the run's own record names; nil: there is none, or it cannot be had.
    ///   - listed: in any order; empty where nobody lets us list.
    public init(for run: RunName, recorded: SealedVersion?, listed: [SealedVersion]) {
        self.run = run
        self.recorded = recorded
        let newestFirst = listed.sorted(by: >)
        let all =
            [recorded].compactMap(\.self) + newestFirst.filter { $0.run <= run }
            + newestFirst.filter { $0.run > run }
        var seen: Set<SealedVersion> = []
        open = all.filter { seen.insert($0).inserted }.prefix(Self.limit)
    }

    /// What is looked at first; nil: there is nothing.
    public var first: SealedVersion? { refused.first?.version ?? open.first }

    /// What is to be looked at now; nil: nothing is left.
    public mutating func next() -> SealedVersion? { open.popFirst() }

    /// - Parameter fault: nil: there is no such object.
    public mutating func refuse(_ version: SealedVersion, _ fault: WireError?) {
        refused.append(Refused(version: version, fault: fault))
    }

    /// What is wrong with the first of those that were there; nil: none was.
    public var fault: WireError? { refused.lazy.compactMap(\.fault).first }

    /// What an operator should know of the one that was taken; nil: it is the one that the run's dumps need.
    public func remark(on taken: SealedVersion) -> String? {
        if let first = refused.first {
            return "its secrets are those of \(taken): those of \(first.version) "
                + (first.fault.map { "cannot be used (\($0.message))" } ?? "are not there")
        }
        return taken.run > run && taken != recorded
            ? "its secrets are those of run \(taken.run): no older version is there" : nil
    }
}
