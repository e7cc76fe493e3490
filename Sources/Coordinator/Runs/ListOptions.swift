// SPDX-License-Identifier: Apache-2.0

public import AgentAPI
public import AmandaFormat

/// Which runs `amfleet list` shows.
public struct ListOptions: Sendable, Equatable {
    /// What is shown where nothing is said.
    public static let usualLimit = 20

    /// The newest so many; nil: all.
    public var limit: Int?
    /// None that is older; nil: however old.
    public var since: RunName?

    /// - Parameters:
    ///   - isAll: `--all`.
    ///   - since: `2026-11-23`, or the first digits of a run's name, at least its day.
    /// - Throws: `CoordinatorError.unusableName` where they contradict each other or `since` is no date.
    public init(isAll: Bool = false, since text: String? = nil, limit: Int? = nil) throws(CoordinatorError) {
        if let limit, limit < 1 {
            throw .unusableName(what: "--limit", fault: "must be at least 1, found \(limit)")
        }
        if isAll, limit != nil || text != nil {
            throw .unusableName(what: "--all", fault: "goes with neither --limit nor --since")
        }
        if let text {
            let digits = text.filter { $0 != "-" }
            guard (8...14).contains(digits.count),
                let run = RunName(digits + String(repeating: "0", count: 14 - digits.count))
            else {
                throw .unusableName(
                    what: "--since", fault: "must be a date such as 2026-11-23, found '\(text)'")
            }
            since = run
        }
        self.limit = isAll || (text != nil && limit == nil) ? nil : limit ?? Self.usualLimit
    }
}
