// SPDX-License-Identifier: Apache-2.0

import Settings

/// How a restore brings back what lies in Glacier, where `READ-FROM-GLACIER` lets it.
public struct ThawOrder: Codable, Sendable, Equatable {
    /// How fast, and at what price. Source: "Archive retrieval options" in the S3 user guide.
    public enum Tier: String, Codable, Sendable, CaseIterable {
        case standard, bulk, expedited
    }

    /// Days for which a copy may be asked to stay.
    public static let dayRange = 1...365

    public var tier: Tier
    /// How long the copies stay readable, in days. Stock Amanda asks for 4.
    public var days: Int
    /// How long to wait for them; nil: twice as long as it takes as a rule.
    public var deadlineSeconds: Int?

    public init(tier: Tier = .standard, days: Int = 4, deadlineSeconds: Int? = nil) {
        self.tier = tier
        self.days = days
        self.deadlineSeconds = deadlineSeconds
    }

    /// A deadline as an operator writes it: `30m`, `12h`, `2d`.
    ///
    /// - Returns: its seconds; nil for what is none, and for one that no agent takes.
    public static func deadlineSeconds(_ text: String) -> Int? {
        guard let deadline = Duration(settingsText: text),
            (.seconds(1) ... .seconds(JobRequest.longestLimitSeconds)).contains(deadline)
        else { return nil }
        return Int(deadline.components.seconds)
    }

    /// Whether days and deadline can be asked for.
    public var isPossible: Bool { Self.dayRange.contains(days) && deadlineSeconds.map { $0 > 0 } ?? true }
}
