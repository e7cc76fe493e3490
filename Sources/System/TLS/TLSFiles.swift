// SPDX-License-Identifier: Apache-2.0

import Certificates

/// Where a server's three PEM files lie.
public struct TLSFiles: Sendable, Hashable {
    /// Certificates that peers' certificates must be signed by; several during a change of authority.
    public let authority: String

    /// The server's own certificate.
    public let certificate: String

    /// Its private key.
    public let privateKey: String

    /// Paths, as they are.
    public init(authority: String, certificate: String, privateKey: String) {
        self.authority = authority
        self.certificate = certificate
        self.privateKey = privateKey
    }

    /// What changes when one of the files is replaced or rewritten; a file that is not there has no stamp.
    var stamps: [FileStamp?] { [authority, certificate, privateKey].map { FileStamp(of: $0) } }
}
