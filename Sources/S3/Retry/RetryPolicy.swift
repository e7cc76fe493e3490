// SPDX-License-Identifier: Apache-2.0

/// How long and how often requests are repeated.
public struct RetryPolicy: Sendable, Hashable {
    /// How long a request goes on failing, from its first failure, before it is given up (`limits.storageOutage`).
    public var storageOutage: Duration

    /// The first wait; it doubles each time.
    var firstDelay: Duration

    /// No wait is longer.
    var longestDelay: Duration

    /// How often bytes that arrived changed are sent or fetched at all.
    var corruptionAttempts: Int

    /// The same of a read, which costs nobody anything: as often as until two readings agree.
    var ofReads: RetryPolicy {
        var policy = self
        policy.corruptionAttempts = max(corruptionAttempts, Readings<BytesRead>.limit)
        return policy
    }

    /// By default 10 minutes, waits from 0.2 s to 20 s, three attempts.
    public init(
        storageOutage: Duration = .seconds(600), firstDelay: Duration = .milliseconds(200),
        longestDelay: Duration = .seconds(20), corruptionAttempts: Int = 3
    ) {
        self.storageOutage = storageOutage
        self.firstDelay = firstDelay
        self.longestDelay = longestDelay
        self.corruptionAttempts = corruptionAttempts
    }

    /// For a check before the work begins: with `S3Limits.preflight` the answer is there within a minute.
    public static let preflight = RetryPolicy(storageOutage: .seconds(30), longestDelay: .seconds(5))
}

/// How long one attempt may take, and how many run at a time.
public struct S3Limits: Sendable, Hashable {
    /// Until the connection stands.
    public var connect: Duration

    /// Without a byte in either direction.
    public var stall: Duration

    /// The same while the store puts the parts of an upload together.
    var completionStall: Duration

    /// One attempt as a whole.
    public var total: Duration

    /// Requests of one client under way at a time; the store's wish to slow down halves it for a while.
    var concurrentRequests: Int

    /// By default 10 s, 60 s, 5 min, 15 min and 128 requests.
    public init(
        connect: Duration = .seconds(10), stall: Duration = .seconds(60),
        completionStall: Duration = .seconds(300),
        total: Duration = .seconds(900), concurrentRequests: Int = 128
    ) {
        self.connect = connect
        self.stall = stall
        self.completionStall = completionStall
        self.total = total
        self.concurrentRequests = concurrentRequests
    }

    /// For a check before the work begins.
    public static let preflight = S3Limits(
        connect: .seconds(5), stall: .seconds(15), completionStall: .seconds(15), total: .seconds(20))
}
