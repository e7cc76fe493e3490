// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import AmandaFormat
import Planning

/// How long the configurations of a job take, which run one after the other, and whether the next run has to wait for them.
struct RunNight: Sendable {
    private static let day = 86_400.0

    private var parts: [(name: String, night: NightEstimate)] = []
    /// Until the next run of the configuration that is run most often.
    private var available = day

    /// Of all that have been added.
    var seconds: Double { NightEstimate(parts).seconds }

    mutating func add(_ planned: PlannedConfiguration, of prepared: PreparedConfiguration) {
        let configuration = prepared.configuration
        let cycle = Double(max(1, configuration.dumpcycleDays)) * Self.day
        available = min(available, cycle / Double(max(1, configuration.runspercycle)))
        parts.append((prepared.choice.name, planned.night))
    }

    /// Says with the configuration that takes the longest that there is too little time.
    func warn(in record: inout NodeRecord) {
        guard let longest = parts.max(by: { $0.night.seconds < $1.night.seconds }),
            let index = record.configurations.firstIndex(where: { $0.name == longest.name })
        else { return }
        record.configurations[index].note(NightEstimate(parts).warnings(available: available))
    }
}
