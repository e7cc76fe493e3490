// SPDX-License-Identifier: Apache-2.0

/// What a `define policy` keeps beside the newest volumes: 0 days switch a rule off.
///
/// Source: amanda.conf(5), "POLICY SECTION".
public struct RetentionRules: Hashable, Sendable {
    /// `retention-days`: volumes that are not older.
    public var days: Int
    /// `retention-recover`: all that a restore to any day of the last so many needs.
    public var recoverDays: Int
    /// `retention-full`: volumes with full dumps that are not older.
    public var fullDays: Int

    public init(days: Int = 0, recoverDays: Int = 0, fullDays: Int = 0) {
        self.days = days
        self.recoverDays = recoverDays
        self.fullDays = fullDays
    }
}
