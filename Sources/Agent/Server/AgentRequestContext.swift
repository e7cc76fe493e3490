// SPDX-License-Identifier: Apache-2.0

import Certificates
import Hummingbird
import NIOCore
import TLS

/// What a request's handlers know besides the request: its connection, and who is at the other end.
struct AgentRequestContext: RequestContext {
    var coreContext: CoreRequestContextStorage
    let channel: any Channel
    /// Nil only where TLS let somebody in whom it could not name, which it never does.
    let peer: PeerIdentity?

    init(source: ApplicationRequestContextSource) {
        coreContext = .init(source: source)
        channel = source.channel
        peer = PeerIdentity.current
    }

    /// For the log.
    var peerName: String {
        guard let peer else { return "nobody" }
        return peer.name.role == .observer ? "\(peer.name.uri) (\(peer.commonName))" : peer.name.uri
    }
}
