// SPDX-License-Identifier: Apache-2.0

/// Who a peer is: its cluster and its role in it. Written into certificates, never an address.
///
/// Shape: `spiffe://<cluster>/node/<name>`, `spiffe://<cluster>/coordinator`, `spiffe://<cluster>/observer`;
/// cluster and node names are lower-case DNS labels, so no escape, port, query or NUL can occur.
public struct PeerName: Sendable, Hashable {
    /// The cluster that issued the name.
    public let cluster: String

    /// What the peer is to that cluster.
    public let role: CertificateRole

    static let scheme = "spiffe://"

    /// A name from its parts.
    public init(cluster: String, role: CertificateRole) throws(CertificateError) {
        guard DNSLabel.isValid(cluster) else { throw .invalidName(what: "cluster name", name: cluster) }
        if case .node(let node) = role, !DNSLabel.isValid(node) {
            throw .invalidName(what: "node name", name: node)
        }
        self.cluster = cluster
        self.role = role
    }

    /// Reads the URI of a certificate. Anything but the three exact shapes is refused.
    public init(uri: String) throws(CertificateError) {
        guard uri.utf8.starts(with: Self.scheme.utf8) else { throw .notAPeerName(uri: uri) }
        let segments = uri.utf8.dropFirst(Self.scheme.utf8.count)
            .split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
            .map { String(Substring($0)) }
        let role: CertificateRole
        switch (segments.count, segments.dropFirst().first) {
        case (3, "node"): role = .node(segments[2])
        case (2, "coordinator"): role = .coordinator
        case (2, "observer"): role = .observer
        default: throw .notAPeerName(uri: uri)
        }
        do {
            try self.init(cluster: segments[0], role: role)
        } catch {
            throw .notAPeerName(uri: uri)
        }
    }

    /// The name within the cluster: the node's name, `coordinator` or `observer`.
    public var shortName: String {
        switch role {
        case .node(let name): name
        case .coordinator: "coordinator"
        case .observer: "observer"
        }
    }

    /// The URI that stands in the certificate's subject alternative name.
    public var uri: String {
        switch role {
        case .node(let name): "\(Self.scheme)\(cluster)/node/\(name)"
        case .coordinator, .observer: "\(Self.scheme)\(cluster)/\(shortName)"
        }
    }

    /// The DNS name beside the URI, which TLS clients verify: `<name>.<cluster>`.
    public var dnsName: String { "\(shortName).\(cluster)" }
}

extension PeerName: CustomStringConvertible {
    /// The URI.
    public var description: String { uri }
}
