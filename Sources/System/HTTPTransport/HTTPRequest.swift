// SPDX-License-Identifier: Apache-2.0

public import BlockingWork
public import Certificates

/// One request. The URL is sent as it stands: whoever builds it has encoded it.
public struct HTTPRequest: Sendable {
    /// `GET`, `HEAD`, `PUT`, `POST`, `DELETE`: any token.
    public var method: String

    /// `http://` or `https://` with host, port, path and query, percent-encoded; dots in the path are kept.
    public var url: String

    /// Headers to send besides `Host`, `Accept` and `Content-Length`.
    public var headers: [(name: String, value: String)]

    /// What is sent.
    public var body: HTTPBody

    /// Where a successful answer's body goes.
    public var sink: HTTPSink

    /// `host:port` where to connect whatever the URL's host says; the certificate is still checked against the URL's.
    public var connectTo: String?

    /// Certificates of either side for https; nil: the system's authorities and no certificate of our own.
    public var identity: HTTPIdentity?

    /// How long to wait for what.
    public var limits: HTTPLimits

    /// Must reach the server once at most. Otherwise libcurl sends a request again by itself when the connection that
    /// it wanted to reuse turns out to be dead, and the server may have acted already. Costs a connection of its own.
    public var isSentOnce = false

    /// False: a connection of its own, closed afterwards.
    public var reusesConnection = true

    /// On the way to the server; nil: none, also where the environment names one.
    public var proxy: HTTPProxy?

    /// Caps that the body shares with other requests. All of them hold; waiting for them is not a stall.
    public var sendLimiters: [RateLimiter] = []

    /// The same for the answer's body. Not for streams.
    public var receiveLimiters: [RateLimiter] = []

    /// A request; by default without a body, its answer collected up to 1 MiB.
    public init(
        method: String = "GET", url: String, headers: [(name: String, value: String)] = [],
        body: HTTPBody = .empty, sink: HTTPSink = .collect(limit: 1 << 20), connectTo: String? = nil,
        identity: HTTPIdentity? = nil, limits: HTTPLimits = HTTPLimits()
    ) {
        self.method = method
        self.url = url
        self.headers = headers
        self.body = body
        self.sink = sink
        self.connectTo = connectTo
        self.identity = identity
        self.limits = limits
    }
}

extension HTTPRequest {
    /// A cap holds in either direction: libcurl's own clock would count the waiting.
    var isPaced: Bool { !sendLimiters.isEmpty || !receiveLimiters.isEmpty }
}

/// The body of a request. A block is borrowed until the answer or the error has arrived.
public enum HTTPBody: Sendable {
    /// No body; with `PUT` and `POST` a `Content-Length: 0`.
    case empty

    /// Bytes in memory.
    case bytes([UInt8])

    /// The bytes in use of a block, read by libcurl in place.
    case block(ByteBlock)

    /// Bytes that will be sent.
    public var byteCount: Int {
        switch self {
        case .empty: 0
        case .bytes(let bytes): bytes.count
        case .block(let block): block.count
        }
    }
}

/// Where the body of an answer with status 200 to 299 goes. Bodies of other answers are collected, up to 64 KiB.
public enum HTTPSink: Sendable {
    /// Into `HTTPResponse.body`; longer than `limit` bytes is an error.
    case collect(limit: Int)

    /// Into the block from its beginning; longer than its capacity is an error. Borrowed like a request's block.
    case block(ByteBlock)
}

/// Files that say who we are and whom we trust.
public struct HTTPIdentity: Sendable, Hashable {
    /// PEM file of the authorities that are trusted instead of the system's.
    public var authority: String

    /// PEM file of our certificate, leaf first.
    public var certificate: String?

    /// PEM file of its private key.
    public var privateKey: String?

    /// TLS 1.3 only, as between nodes; otherwise 1.2 is accepted, which S3 stores may need.
    let requiresTLS13: Bool

    /// The one URI that must stand in the peer's certificate besides the host's name; nil: not looked at.
    ///
    /// Checked on each request before it is sent, also on a connection that is used again.
    public var peerURI: String?

    /// Certificates that the peer must not show, looked at with `peerURI`.
    public var revoked = RevocationLists()

    /// A member of a cluster: trusts only `authority`, shows its certificate, speaks TLS 1.3.
    public init(authority: String, certificate: String, privateKey: String) {
        self.authority = authority
        self.certificate = certificate
        self.privateKey = privateKey
        requiresTLS13 = true
    }

    /// No certificate of our own, and only `authority` is trusted: an S3 store with a private authority.
    public init(authority: String) {
        self.authority = authority
        requiresTLS13 = false
    }
}

/// How long a request may take.
public struct HTTPLimits: Sendable, Hashable {
    /// From the start until the connection stands, TLS included.
    public var connect: Duration

    /// Without a byte in either direction once it stands. Back-pressure of a stream's own reader does not count.
    public var stall: Duration

    /// The whole, without the time spent waiting for a `RateLimiter`; nil: no limit, for event streams.
    public var total: Duration?

    /// By default 10 s to connect, 60 s without a byte, no limit on the whole.
    public init(connect: Duration = .seconds(10), stall: Duration = .seconds(60), total: Duration? = nil) {
        self.connect = connect
        self.stall = stall
        self.total = total
    }
}
