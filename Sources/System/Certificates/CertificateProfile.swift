// SPDX-License-Identifier: Apache-2.0

/// What goes into one certificate, apart from keys, serial and dates. Extensions are in OpenSSL's config syntax.
///
/// Open to the package, so that the tests can make the certificates that an authority of ours would never issue.
package struct CertificateProfile: Sendable {
    package var organization: String
    package var commonName: String
    package var basicConstraints: String
    package var keyUsage: String
    package var extendedKeyUsage: String?
    package var subjectAlternativeName: String?

    package init(
        organization: String, commonName: String, basicConstraints: String, keyUsage: String,
        extendedKeyUsage: String? = nil, subjectAlternativeName: String? = nil
    ) {
        self.organization = organization
        self.commonName = commonName
        self.basicConstraints = basicConstraints
        self.keyUsage = keyUsage
        self.extendedKeyUsage = extendedKeyUsage
        self.subjectAlternativeName = subjectAlternativeName
    }

    /// A cluster's authority. It signs leaves and nothing else (path length 0).
    static func authority(cluster: String) -> CertificateProfile {
        CertificateProfile(
            organization: cluster,
            commonName: "amfleet authority",  // with a blank, so no node can have it
            basicConstraints: "critical,CA:TRUE,pathlen:0",
            keyUsage: "critical,keyCertSign,cRLSign",
            extendedKeyUsage: nil,
            subjectAlternativeName: "URI:\(PeerName.scheme)\(cluster)")
    }

    /// A peer's certificate: exactly one extended key usage, so that a node's cannot be a client's, nor the reverse.
    package static func peer(_ name: PeerName) -> CertificateProfile {
        let usage: String
        switch name.role {
        case .node: usage = "serverAuth"
        case .coordinator, .observer: usage = "clientAuth"
        }
        return CertificateProfile(
            organization: name.cluster,
            commonName: name.shortName,
            basicConstraints: "critical,CA:FALSE",
            keyUsage: "critical,digitalSignature",
            extendedKeyUsage: usage,
            subjectAlternativeName: "URI:\(name.uri),DNS:\(name.dnsName)")
    }
}
