// SPDX-License-Identifier: Apache-2.0

import HTTPTransport
import LogOutput
import Logging

/// What the log tells of a client's requests.
extension S3Client {
    func note(
        _ fault: AttemptFault, of request: S3Request, _ message: Logger.Message, _ schedule: RetrySchedule,
        delay: Duration? = nil
    ) {
        var metadata: Logger.Metadata = [
            "bucket": "\(location.bucket)", "attempt": "\(schedule.failureCount)",
            "reason": "\(fault.reason)",
        ]
        metadata["delay"] = delay.map { "\($0.forLog)" }
        logger.info(message, metadata: request.metadata(metadata))
    }

    /// At trace: a dump has as many as it has parts.
    func note(
        _ result: Result<HTTPResponse, HTTPTransportError>, of request: S3Request, took duration: Duration
    ) {
        guard logger.logLevel <= .trace else { return }
        var metadata: Logger.Metadata = [
            "took": "\(duration.forLog)", "sent": "\(request.body.byteCount)",
        ]
        switch result {
        case .success(let response):
            metadata["outcome"] = "status \(response.status)"
            metadata["received"] = "\(response.bodyByteCount)"
        case .failure(let error):
            metadata["outcome"] = "\(AttemptFault.transport(error).reason)"
        }
        logger.trace("S3 request ended", metadata: request.metadata(metadata))
    }

    func note(_ change: AdaptiveConcurrency.Change?) {
        switch change {
        case nil: break
        case .halved(let limit):
            logger.info(
                "S3 asked to slow down, fewer requests at a time",
                metadata: ["bucket": "\(location.bucket)", "limit": "\(limit)"])
        case .recovered(let limit):
            logger.info(
                "S3 keeps up again, as many requests at a time as before",
                metadata: ["bucket": "\(location.bucket)", "limit": "\(limit)"])
        }
    }
}
