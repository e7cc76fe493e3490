// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials

/// What the clocks of the others say of this machine's, before that names a run.
///
/// A name of a far future stays in every node's catalog: no run can follow it until its time has come, however right the clock is by
/// then. One wrong clock among the others decides nothing.
struct OtherClocks {
    /// A name that is ahead by less can be followed the next night.
    static let greatestLead: Double = 12 * 3600

    /// Of the nodes, as they said it some seconds ago.
    let times: [Date]
    /// The store's clock minus ours, in seconds; nil: it was not heard.
    let storeOffset: Double?

    /// That this machine's clock is far ahead of more than half of them; nil: it is not.
    func fault(at now: Date) -> CoordinatorError? {
        let leads =
            times.map { now.timeIntervalSince($0) } + (storeOffset.map { [-$0] } ?? [])
        let far = leads.filter { $0 > Self.greatestLead }
        guard far.count * 2 > leads.count, let least = far.min() else { return nil }
        return .clockAhead(seconds: least, clocks: far.count)
    }
}
