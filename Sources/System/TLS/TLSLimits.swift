// SPDX-License-Identifier: Apache-2.0

/// How long one connection may take over what it does.
public struct TLSLimits: Sendable, Hashable {
    /// From the connection's start to the end of the handshake.
    public var handshake: Duration

    /// Between two requests, and between two pieces of a request. Streaming an answer is not idle.
    public var idle: Duration

    /// How long the peer may take nothing of what is sent to it.
    public var stalledPeer: Duration

    /// From our decision to close until the last of our bytes has left.
    public var lastBytes: Duration

    /// How long the peer has, after our last byte, to close its side: with unread input the kernel would send a
    /// reset, and the reset would overtake the alert or the answer.
    public var linger: Duration

    /// Each limit has the value that suits an agent.
    public init(
        handshake: Duration = .seconds(10), idle: Duration = .seconds(60),
        stalledPeer: Duration = .seconds(120),
        lastBytes: Duration = .seconds(60), linger: Duration = .seconds(2)
    ) {
        self.handshake = handshake
        self.idle = idle
        self.stalledPeer = stalledPeer
        self.lastBytes = lastBytes
        self.linger = linger
    }
}
