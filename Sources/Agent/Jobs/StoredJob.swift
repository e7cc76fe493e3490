// SPDX-License-Identifier: Apache-2.0

import AgentAPI

/// A job as it lies on disk (`jobs/<id>.json`): what was asked, and how it stands.
struct StoredJob: Codable, Sendable, Equatable {
    var format: Int
    var request: JobRequest
    var snapshot: JobSnapshot

    init(request: JobRequest, snapshot: JobSnapshot) {
        self.format = WireJSON.format
        self.request = request
        self.snapshot = snapshot
    }
}

/// What the agent remembers besides its jobs (`agent-state.json`).
struct AgentState: Codable, Sendable, Equatable {
    var format: Int
    /// The highest fencing number seen: lower ones come from a coordinator that lost its lease.
    var highestFence: Int

    init(highestFence: Int = 0) {
        self.format = WireJSON.format
        self.highestFence = highestFence
    }
}
