// SPDX-License-Identifier: Apache-2.0

/// The point to which a dump brings a database back, as a script named it: an epoch, a log sequence number.
public struct RecoveryPoint: Codable, Sendable, Hashable {
    /// One word: `epoch`.
    public var name: String
    /// As the script wrote it.
    public var value: String

    public init(name: String, value: String) {
        self.name = name
        self.value = value
    }
}
