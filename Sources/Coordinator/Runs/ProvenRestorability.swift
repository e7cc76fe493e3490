// SPDX-License-Identifier: Apache-2.0

import AgentAPI

/// Whether a node's data of a run can be had, by its objects too, and what a restore of what can be had should know.
struct ProvenRestorability: Sendable, Equatable {
    let restorability: Restorability
    /// How long a restore would wait for what lies in the archive; nil: for nothing.
    let wait: String?
    /// What the bucket's lifecycle is going to delete; nil: nothing that the store tells of.
    let expiring: FoundObjects.Expiring?
    /// With it.
    let moreExpiring: Int

    private init(
        _ restorability: Restorability, wait: String?,
        _ expiring: (first: FoundObjects.Expiring, moreCount: Int)?
    ) {
        self.restorability = restorability
        self.wait = wait
        self.expiring = expiring?.first
        moreExpiring = expiring?.moreCount ?? 0
    }

    init(_ restorability: Restorability) {
        self.init(restorability, wait: nil, nil)
    }

    /// Of what nothing else speaks against.
    ///
    /// - Parameter thawed: configurations whose objects a restore brings back from the archive.
    /// - Throws: what keeps the store from saying what lies there.
    init(_ objects: FoundObjects, thawing thawed: Set<String>) async throws {
        if let refusal = try await objects.refusal(thawing: thawed) {
            self.init(.refused(refusal))
            return
        }
        self.init(.restorable, wait: try await objects.wait(thawing: thawed), objects.expiring)
    }
}

extension NodeRecord {
    /// Configurations whose `READ-FROM-GLACIER` the record keeps.
    var thawedConfigurations: Set<String> {
        Set(configurations.filter { $0.readsFromGlacier == true }.map(\.name))
    }
}
