// SPDX-License-Identifier: Apache-2.0

public import FoundationEssentials

/// Which authority takes the place of one, and by whom (`successions/<key>.json`, the name being the fingerprint of the old one's key).
///
/// Written on the condition that it is not there: of two coordinators that renew one authority at the same time, one does.
public struct AuthorityClaim: Codable, Sendable, Equatable {
    var format: Int
    public var cluster: String
    /// Fingerprint of the new authority's certificate.
    public var next: String
    /// Who has made it, as a lease's holder.
    public var holder: String
    public var begunAt: Date

    public init(cluster: String, next: String, holder: String, begunAt: Date) {
        format = WireJSON.format
        self.cluster = cluster
        self.next = next
        self.holder = holder
        self.begunAt = begunAt
    }
}
