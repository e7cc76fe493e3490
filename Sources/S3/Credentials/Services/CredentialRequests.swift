// SPDX-License-Identifier: Apache-2.0

import HTTPTransport
import LogOutput
import Logging

/// Asks services that give credentials: STS, a container's endpoint, the instance metadata service.
struct CredentialRequests: Sendable {
    let transport: HTTPTransport
    var logger: Logger = .discarding

    /// Sends until there is an answer that trying again would not change, by the table of the store's answers.
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
                let words = Self.words(response, to: request)
                if !Self.isPassing(words) { return response }
                reason = "it answered with \(words.text)"
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

    /// What the service said, without what the request showed it: tokens, and an address that may be a secret of its own.
    static func words(_ response: HTTPResponse, to request: HTTPRequest) -> StoreWords {
        let shown = request.headers.filter { secretHeaders.contains($0.name) }.map(\.value)
        let path = request.url.split(separator: "/", maxSplits: 2).dropFirst(2).joined()
        return StoreWords(
            response, error: StoreWords.error(in: response.body),
            hiding: shown + secrets(request.body) + (path.isEmpty ? [] : [path]))
    }

    private static let secretHeaders: Set = [
        "authorization", "x-amz-security-token", "x-aws-ec2-metadata-token",
    ]

    /// The token in a form that STS is asked with.
    private static func secrets(_ body: HTTPBody) -> [String] {
        guard case .bytes(let bytes) = body else { return [] }
        return String(decoding: bytes, as: UTF8.self).split(separator: "&")
            .filter { $0.hasPrefix("WebIdentityToken=") }.map { String($0.drop { $0 != "=" }.dropFirst()) }
            .filter { !$0.isEmpty }
    }

    private static func isPassing(_ words: StoreWords) -> Bool {
        if (200..<300).contains(words.status) { return false }
        // STS could not reach the identity's provider: said with status 400, meant as one of 500.
        if words.code == "IDPCommunicationError" { return true }
        return [.transient, .slowDown].contains(
            AnswerMeaning(status: words.status, code: words.code).retryClass)
    }
}
