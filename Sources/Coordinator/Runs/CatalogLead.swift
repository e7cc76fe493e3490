// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import AmandaFormat
import CivilCalendar

extension ConfigurationStatus {
    /// That its catalog is further ahead than time zones explain, so that no run of now can follow its newest: a clock is wrong, or was.
    ///
    /// - Parameter latest: the latest that it can know by now, in seconds since 1970.
    func lead(over latest: Int64) -> WireError? {
        guard let newestRun, newestRun.civil.secondsSince1970 > latest else { return nil }
        let now = latest - RunNaming.greatestCatalogLead
        let lead = Double(newestRun.civil.secondsSince1970 - now)
        let volume = newestLabel.map { "run 'amrmtape \(name) \($0)' on the node, then " } ?? ""
        return WireError(
            .configuration,
            "its catalog knows run \(newestRun), \(Quantity.duration(seconds: lead)) ahead of the coordinator's clock: no run of now can "
                + "follow it",
            hint:
                "set whichever clock is wrong; if a wrong clock named the run, \(volume)move log.\(newestRun).* out of the log "
                + "directory of '\(name)'.")
    }
}
