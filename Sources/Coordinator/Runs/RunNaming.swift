// SPDX-License-Identifier: Apache-2.0

import AgentAPI

/// The choice of a run's name: the coordinator's local time, or the second after the newest name there is.
enum RunNaming {
    /// How far ahead of this clock a name may lie before a clock is called wrong: nodes may live in other time
    /// zones, and their stock runs are named in theirs.
    static let greatestLead = 48 * 3600

    /// - Parameter known: names of every run that a node's catalog or the bucket knows.
    /// - Throws: `CoordinatorError.runsInTheFuture` where one lies further ahead than time zones explain.
    static func name(at now: LocalTime, newerThan known: [RunName]) throws(CoordinatorError) -> RunName {
        guard let wanted = now.runName else { throw .runsInTheFuture(newest: "\(now.year)", now: now.text) }
        guard let newest = known.max(), newest >= wanted else { return wanted }
        let next = LocalTime(newest).adding(seconds: 1)
        guard next.dayClockSeconds - now.dayClockSeconds <= greatestLead, let name = next.runName else {
            throw .runsInTheFuture(newest: newest.digits, now: now.text)
        }
        return name
    }
}
