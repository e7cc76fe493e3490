// SPDX-License-Identifier: Apache-2.0

/// What else a fault keeps from being done. Crosses the wire by these names.
public enum FaultReach: String, Codable, Sendable, CaseIterable {
    /// Nothing else: what was being done has failed alone.
    case itself
    /// Everything that is asked of the same store: keys, bucket, region, clock or the way to it are at fault.
    case wholeStore

    /// What is not known is the harmless one.
    public init(from decoder: any Decoder) throws {
        let name = try? decoder.singleValueContainer().decode(String.self)
        self = name.flatMap(Self.init(rawValue:)) ?? .itself
    }
}
