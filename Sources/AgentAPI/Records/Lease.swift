// SPDX-License-Identifier: Apache-2.0

public import FoundationEssentials

/// Who runs a job on the cluster now (`lease.json`): taken and renewed by conditional writes.
public struct Lease: Codable, Sendable, Equatable {
    /// How long a lease holds without renewal, and how often it is renewed.
    public static let validFor: Duration = .seconds(60)
    public static let renewEvery: Duration = .seconds(15)

    var format: Int
    public var cluster: String
    /// `user@host, pid N`.
    public var holder: String
    /// What it does, for people: `backup 20261123030600`.
    public var purpose: String
    /// The same as values: the command, and the run that it is about. nil of an older coordinator.
    public var verb: String?
    public var run: RunName?
    /// Rises by one with every new holder; agents refuse lower numbers than the highest they saw.
    public var fence: Int
    public var acquiredAt: Date
    public var expiresAt: Date
    /// Given back: the next one may take it at once.
    public var isReleased: Bool
    /// A number of this hold alone: two coordinators that call themselves the same (containers: one host's name, `pid 1`) must not
    /// take each other's write for their own. nil of an older coordinator.
    public var hold: String?

    public init(
        cluster: String, holder: String, verb: String, run: RunName?, fence: Int, acquiredAt: Date,
        expiresAt: Date,
        isReleased: Bool = false, hold: String? = nil
    ) {
        self.format = WireJSON.format
        self.cluster = cluster
        self.holder = holder
        purpose = run.map { "\(verb) \($0)" } ?? verb
        self.verb = verb
        self.run = run
        self.fence = fence
        self.acquiredAt = acquiredAt
        self.expiresAt = expiresAt
        self.isReleased = isReleased
        self.hold = hold
    }

    /// Whether its holder works on a run. An older coordinator's number is in the manifest that it wrote.
    public func isHeld(for manifest: RunManifest) -> Bool {
        run.map { $0 == manifest.run } ?? (verb == nil && fence == manifest.fence)
    }
}

/// The cluster that owns a prefix (`cluster.json` in the bucket): created once, with `If-None-Match`.
public struct ClusterIdentity: Codable, Sendable, Equatable {
    var format: Int
    public var cluster: String
    /// Random, and never changed: two clusters of one name are told apart. nil of an older coordinator.
    public var clusterID: String?
    /// SHA-256 of the CA certificate's DER, hexadecimal: where `clusterID` is missing here or there, this tells clusters apart.
    public var authorityFingerprint: String
    /// The same of every authority that the coordinator has; nil of an older one, or where there is one only.
    public var authorities: [String]?
    public var createdAt: Date

    public init(
        cluster: String, clusterID: String? = nil, authorityFingerprint: String,
        authorities: [String]? = nil, createdAt: Date
    ) {
        self.format = WireJSON.format
        self.cluster = cluster
        self.clusterID = clusterID
        self.authorityFingerprint = authorityFingerprint
        self.authorities = authorities
        self.createdAt = createdAt
    }

    /// Of every authority that it is known by.
    public var fingerprints: [String] { authorities ?? [authorityFingerprint] }
}
