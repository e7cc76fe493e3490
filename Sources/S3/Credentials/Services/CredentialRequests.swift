// SPDX-License-Identifier: Apache-2.0

import HTTPTransport
import LogOutput
import Logging

/// Asks services that give credentials: STS, a container's endpoint, the instance metadata service.
struct CredentialRequests: Sendable {
    let transport: HTTPTransport
    var logger: Logger = .discarding

    /// Sends until there is an answer that trying again would not change.
    ///
    /// - Parameter origin: what messages call the service. Its URL may be a secret of its own and is not shown.
    /// - Throws: `S3Error.credentialsUnavailable` after the last attempt.
    func send(_ request: HTTPRequest, to origin: String, attempts: Int = 3) async throws -> HTTPResponse {
        var reason = ""
        for attempt in 1...max(1, attempts) {
            if attempt > 1 {
                let delay = Duration.milliseconds(Int.random(in: 200...400) * attempt)
                note(origin, failedAttempt: attempt - 1, reason, delay)
                try await Task.sleep(for: delay)
            }
            do {
                let response = try await transport.send(request)
                if response.status < 500, response.status != 429, !Self.isPassing(response) {
                    return response
                }
                reason = "it answered with status \(response.status)"
            } catch {
                if case .cancelled = error { throw CancellationError() }
                reason = error.reason
            }
        }
        throw S3Error.credentialsUnavailable(origin: origin, reason: reason)
    }

    func note(_ origin: String, failedAttempt: Int, _ reason: String, _ delay: Duration) {
        logger.info(
            "no S3 credentials yet, trying again",
            metadata: [
                "origin": "\(origin.forLog)", "attempt": "\(failedAttempt)", "reason": "\(reason.forLog)",
                "delay": "\(delay.forLog)",
            ])
    }

    /// STS could not reach the identity's provider: said with status 400, meant as one of 500.
    private static func isPassing(_ response: HTTPResponse) -> Bool {
        response.status == 400
            && String(decoding: response.body, as: UTF8.self).contains("<Code>IDPCommunicationError</Code>")
    }
}
