// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import ArgumentParser

/// How a restore brings back what lies in the archive.
struct ThawOptions: ParsableArguments, Sendable {
    @Option(
        help: ArgumentHelp(
            "How fast, and at what price: standard, bulk or expedited (default: standard).", valueName: "tier"
        ))
    var thawTier: String?

    @Option(
        help: ArgumentHelp("How long the copies stay readable, 1 to 365 (default: 4).", valueName: "days"))
    var thawDays: Int?

    @Option(
        help: ArgumentHelp(
            "How long to wait for them: 30m, 12h, 2d (default: twice as long as it takes as a rule).",
            valueName: "time"))
    var thawDeadline: String?

    func validate() throws {
        _ = try order
    }

    var order: ThawOrder {
        get throws {
            var order = ThawOrder()
            if let thawTier {
                guard let tier = ThawOrder.Tier(rawValue: thawTier.lowercased()) else {
                    throw ValidationError(
                        "--thaw-tier must be standard, bulk or expedited, found '\(thawTier)'")
                }
                order.tier = tier
            }
            if let thawDays {
                guard ThawOrder.dayRange.contains(thawDays) else {
                    throw ValidationError("--thaw-days must be between 1 and 365, found \(thawDays)")
                }
                order.days = thawDays
            }
            order.deadlineSeconds = try deadlineSeconds
            return order
        }
    }

    private var deadlineSeconds: Int? {
        get throws {
            guard let thawDeadline else { return nil }
            guard let seconds = ThawOrder.deadlineSeconds(thawDeadline) else {
                throw ValidationError(
                    "--thaw-deadline must be a number and one of s, m, h, d, at most \(JobRequest.longestLimitSeconds)s, "
                        + "found '\(thawDeadline)'")
            }
            return seconds
        }
    }
}
