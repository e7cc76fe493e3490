// SPDX-License-Identifier: Apache-2.0

public import Secret

/// A new certificate and its private key, as they go to the files of a peer.
public struct IssuedIdentity: Sendable, Hashable {
    /// Who it is for.
    public let name: PeerName

    /// The certificate.
    public let certificatePEM: String

    /// The private key: PKCS#8, not encrypted. Written to a file of mode 0600 and nowhere else.
    public let privateKeyPEM: Secret
}
