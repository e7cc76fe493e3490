// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import FoundationEssentials
import HTTPTypes
import Hummingbird
import Logging
import NIOCore
import TLS

/// How long one event stream may last: the peer's certificate is looked at when a connection begins, so a stream
/// without an end would keep a peer that was removed since. The listener simply asks again.
private let maximumStreamAge: Duration = .seconds(600)

extension Response {
    /// A job's events as NDJSON until the job is final, the stream is old enough or the peer's certificate ends.
    init(_ feed: JobEventFeed, of table: JobTable, context: AgentRequestContext, logger: Logger) {
        let channel = context.channel
        let age = min(maximumStreamAge, context.peer?.remainingTime ?? .zero)
        self.init(
            status: .ok, headers: [.contentType: "application/x-ndjson", .cacheControl: "no-store"],
            body: ResponseBody { writer in
                var paced = PacedBodyWriter(writer, channel: channel, maximumAge: age)
                var feed = feed
                defer { logger.debug("events are no longer listened to") }
                for await _ in feed.wakes {
                    let delivery = try await feed.take(from: table)
                    for event in delivery.events {
                        try await paced.write(ByteBuffer(bytes: try WireJSON.line(event)))
                    }
                    if delivery.isOver || paced.isOverdue { break }
                }
                try await paced.finish(nil)
            })
    }
}

extension PeerIdentity {
    /// How long the peer's certificate still holds.
    fileprivate var remainingTime: Duration {
        .seconds(max(0, notAfter - Int64(Date().timeIntervalSince1970)))
    }
}
