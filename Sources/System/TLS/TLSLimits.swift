// SPDX-License-Identifier: Apache-2.0

/// How long one connection may take over what it does; by default as long as suits an agent.
struct TLSLimits: Sendable, Hashable {
    /// From the connection's start to the end of the handshake.
    var handshake = Duration.seconds(10)

    /// Between two requests, and between two pieces of a request. Streaming an answer is not idle.
    var idle = Duration.seconds(60)

    /// How long the peer may take nothing of what is sent to it.
    var stalledPeer = Duration.seconds(120)

    /// From our decision to close until the last of our bytes has left.
    var lastBytes = Duration.seconds(60)

    /// How long the peer has, after our last byte, to close its side: with unread input the kernel would send a
    /// reset, and the reset would overtake the alert or the answer.
    var linger = Duration.seconds(2)
}
