// SPDX-License-Identifier: Apache-2.0

/// The point to which a dump brings a database back, as a script named it: an epoch, a log sequence number.
public struct RecoveryPoint: Codable, Sendable, Hashable {
    /// One word: `epoch`.
    public var name: String
    /// As the script wrote it.
    public var value: String

    /// Of one dump, at most: every reader of the record reads them all.
    public static let countLimit = 20
    private static let nameByteCountLimit = 256
    private static let valueByteCountLimit = 1_024

    /// What is too long is cut, and says so.
    public init(name: String, value: String) {
        self.name = ClaimText.bounded(name, to: Self.nameByteCountLimit)
        self.value = ClaimText.bounded(value, to: Self.valueByteCountLimit)
    }
}
