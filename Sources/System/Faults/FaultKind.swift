// SPDX-License-Identifier: Apache-2.0

/// What decides the exit code and whether trying again can help. Crosses the wire by these names.
public enum FaultKind: String, Codable, Sendable, CaseIterable {
    /// Settings or configuration that cannot be used: exit 2 before the start.
    case configuration
    /// Credentials, permission, bucket: the store refused. Exit 6 where every node met it.
    case storageRefused
    /// The store did not answer within `limits.storageOutage`.
    case storageUnreachable
    /// The agent did not answer within `limits.agentLost`.
    case agentLost
    /// A certificate, either side's.
    case authentication
    /// Another job or run is in the way.
    case busy
    /// The dump or restore itself failed.
    case failed
    /// Ended by an operator.
    case cancelled
    /// The agent stopped in the middle.
    case interrupted
    /// Stored data is missing or changed.
    case damaged
    /// The request is for something that this version does not do.
    case unsupported

    /// A kind of a newer program is a failure: what it says of it is shown all the same.
    public init(from decoder: any Decoder) throws {
        self = FaultKind(rawValue: try decoder.singleValueContainer().decode(String.self)) ?? .failed
    }
}
