// SPDX-License-Identifier: Apache-2.0

public import FoundationEssentials

/// Who an agent is, by the certificate that it shows now, and whom it believes. Nothing of it is secret.
public struct NodeIdentity: Codable, Sendable, Equatable {
    /// Of its certificate: hexadecimal, lower case.
    public var serial: String
    public var notBefore: Date
    public var notAfter: Date
    /// Fingerprints (SHA-256 of the DER, hexadecimal) of the authorities in its `ca.pem`.
    public var authorities: [String]
    /// Which of these has signed its certificate; nil: none.
    public var issuer: String?

    public init(serial: String, notBefore: Date, notAfter: Date, authorities: [String], issuer: String?) {
        self.serial = serial
        self.notBefore = notBefore
        self.notAfter = notAfter
        self.authorities = authorities
        self.issuer = issuer
    }
}

/// Has an agent make a new key (`POST /v1/identity/request`); the old one stays until a certificate comes for the new.
public struct IdentityRequest: Codable, Sendable, Equatable {
    var format: Int

    public init() { format = WireJSON.format }
}

/// What an agent asks the authority to sign.
public struct NodeCertificateRequest: Codable, Sendable, Equatable {
    var format: Int
    public var node: String
    /// PKCS #10, in PEM.
    public var request: String

    public init(node: String, request: String) {
        format = WireJSON.format
        self.node = node
        self.request = request
    }
}

/// Changes whom an agent believes, and who it is, in this order (`POST /v1/identity`, answered by `IdentityAnswer`). PEM.
public struct IdentityOrder: Codable, Sendable, Equatable {
    var format: Int
    /// Its `ca.pem` from now on; nil: as it is.
    public var authorities: String?
    /// By which an authority that the agent believes has signed a new one's key; nil: none is needed.
    public var endorsements: [String]?
    /// For the key that its request was about; nil: it keeps its certificate.
    public var certificate: String?

    public init(authorities: String? = nil, endorsements: [String]? = nil, certificate: String? = nil) {
        format = WireJSON.format
        self.authorities = authorities
        self.endorsements = endorsements
        self.certificate = certificate
    }
}

/// Who the agent is after an order, which is in force for every connection that comes later.
public struct IdentityAnswer: Codable, Sendable, Equatable {
    var format: Int
    public var node: String
    public var identity: NodeIdentity

    public init(node: String, identity: NodeIdentity) {
        format = WireJSON.format
        self.node = node
        self.identity = identity
    }
}
