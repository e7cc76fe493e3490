// SPDX-License-Identifier: Apache-2.0

public import Certificates
import Synchronization

/// The peer at the other end of the connection, proved by its certificate.
public struct PeerIdentity: Sendable, Hashable {
    /// Its cluster and role.
    public let name: PeerName

    /// The last second, since 1970, of the certificate that it showed. The connection ends then.
    public let notAfter: Int64

    /// The serial number of that certificate. The connection ends when it is revoked.
    public let serial: String

    /// The common name of that certificate: several observers go by one URI.
    public let commonName: String

    /// Address and port that it came from.
    public let remoteAddress: String

    @TaskLocal static var connection: PeerSlot?

    /// The peer whose request the current task answers; nil outside of a request that came by TLS.
    public static var current: PeerIdentity? { connection?.identity }
}

/// Where a connection's handshake leaves the peer's identity for the task that serves the connection.
final class PeerSlot: Sendable {
    private let content = Mutex<PeerIdentity?>(nil)

    var identity: PeerIdentity? { content.withLock { $0 } }

    func fill(_ identity: PeerIdentity) {
        content.withLock { $0 = identity }
    }
}
