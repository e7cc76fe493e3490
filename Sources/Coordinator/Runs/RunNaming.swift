// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import AmandaFormat
import CivilCalendar

/// The choice of a run's name: the coordinator's local time, or the second after the newest name there is.
enum RunNaming {
    /// How far ahead of this clock a name may lie before a clock is called wrong: nodes may live in other time
    /// zones, and their stock runs are named in theirs.
    static let greatestLead: Int64 = 48 * 3600

    /// How far ahead a node's catalog may be: less, so that the run after its newest has a name too.
    static let greatestCatalogLead = greatestLead - 3600

    /// The latest run that a catalog can know by this clock, in seconds since 1970.
    static func latest(at now: LocalTime) -> Int64 { now.civil.secondsSince1970 + greatestCatalogLead }

    /// Of the names in the bucket those that a run can have had by now.
    ///
    /// - Parameters:
    ///   - stored: ascending.
    ///   - storeTime: of the store's clock, in seconds since 1970.
    static func possible(_ stored: [RunName], at storeTime: Int64) -> [RunName] {
        Array(stored.prefix { $0.civil.secondsSince1970 - storeTime <= greatestLead })
    }

    /// - Parameter known: names of every run that a node's catalog or the bucket knows.
    /// - Throws: `CoordinatorError.runsInTheFuture` where one lies further ahead than time zones explain.
    static func name(at now: LocalTime, newerThan known: [RunName]) throws(CoordinatorError) -> RunName {
        guard let wanted = RunName(now.civil) else {
            throw .runsInTheFuture(newest: "\(now.civil.date.year)", now: now.text)
        }
        guard let newest = known.max(), newest >= wanted else { return wanted }
        let next = newest.nextSecond
        guard next.civil.secondsSince1970 - now.civil.secondsSince1970 <= greatestLead else {
            throw .runsInTheFuture(newest: newest.digits, now: now.text)
        }
        return next
    }
}
