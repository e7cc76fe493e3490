// SPDX-License-Identifier: Apache-2.0

public import HTTPTransport
public import LogOutput
public import Logging

/// Requests to one bucket: signed anew for each attempt, repeated by one table of rules, bounded by one gate.
///
/// Every method throws `S3Error`, or `CancellationError` when its task is cancelled.
public final class S3Client: Sendable {
    /// Where the bucket is.
    public let location: S3Location

    let limits: S3Limits
    let keeping: S3Keeping
    let logger: Logger
    private let way: S3Way
    private let proxy: Result<HTTPProxy?, S3Error>
    let retry: RetryPolicy
    let checksums = ChecksumPractice()
    let deletions = DeletionPractice()
    private let source: CredentialCache
    private let transport: HTTPTransport
    private let gate: RequestGate
    private let clock = StoreClock()

    /// A client that uses `transport` together with others, and `credentials` too if it is a `CredentialCache`.
    ///
    /// - Parameter logger: told of every retry, upload and change of pace; never of a secret.
    public init(
        location: S3Location, credentials: any CredentialSource, transport: HTTPTransport,
        limits: S3Limits = .init(), retry: RetryPolicy = .init(), way: S3Way = .init(),
        keeping: S3Keeping = .init(), logger: Logger = .discarding
    ) {
        self.location = location
        self.limits = limits
        self.way = way
        proxy = way.proxy(to: location)
        self.keeping = keeping
        self.retry = retry
        self.logger = logger
        self.transport = transport
        source = credentials as? CredentialCache ?? CredentialCache(credentials, logger: logger)
        gate = RequestGate(maximum: limits.concurrentRequests)
    }

    /// What the store is reached through; nil: nothing, or what is named cannot be used.
    public var proxyInUse: HTTPProxy? { (try? proxy.get()) ?? nil }

    /// Nothing between the store and here can change what it gives without TLS seeing it.
    public var isEncrypted: Bool { location.server.isEncrypted }

    /// The store's clock minus ours as it is now, to about a second; nil before its first answer.
    public var clockOffset: Duration? { clock.offset }

    /// The store's time as far as we know it, in seconds since 1970.
    public var storeTime: Int64 { Int64(clock.time ?? WallClock.now) }

    /// Sends until it succeeds, or fails for good.
    func perform(_ request: S3Request) async throws -> HTTPResponse {
        try await perform(request) { $0 }
    }

    /// The same with a reader of the answer, whose faults count as the attempt's.
    func perform<Value>(
        _ request: S3Request, _ read: (HTTPResponse) throws(AttemptFault) -> Value
    ) async throws -> Value {
        var schedule = RetrySchedule(policy: request.method == "GET" ? retry.ofReads : retry)
        return try await repeated(request, &schedule) { schedule in
            try read(try await attempt(request, schedule))
        }
    }

    /// The one loop: tries until `once` returns, or its fault is one for good.
    ///
    /// - Throws: `S3Error`; `CancellationError`.
    func repeated<Value>(
        _ request: S3Request, _ schedule: inout RetrySchedule,
        _ once: (RetrySchedule) async throws -> Value
    ) async throws -> Value {
        while true {
            do {
                return try await once(schedule)
            } catch let fault as AttemptFault {
                try await recover(from: fault, of: request, &schedule)
            }
        }
    }

    /// One attempt.
    ///
    /// - Throws: `AttemptFault`; `CancellationError`; whatever the credential source throws.
    func attempt(_ request: S3Request, _ schedule: RetrySchedule) async throws -> HTTPResponse {
        let proxy = try proxy.get()
        let credentials = try await currentCredentials()
        let ticket = try await gate.enter()
        let signer = RequestSigner(location: location, credentials: credentials, time: clock.signingTime)
        let result: Result<HTTPResponse, HTTPTransportError>
        let begun = ContinuousClock.now
        do {
            var sent = way.applied(
                to: signer.signed(request, limits: httpLimits(request, schedule)), by: proxy)
            if schedule.needsNewConnection || request.needsNewConnection { sent.reusesConnection = false }
            result = .success(try await transport.send(sent))
        } catch {
            result = .failure(error)
        }
        let verdict = judged(result, of: request, signedWith: credentials)
        note(gate.leave(ticket, verdict.outcome))
        note(result, of: request, took: ContinuousClock.now - begun)
        return try verdict.result.get()
    }

    /// Waits as the schedule says.
    ///
    /// - Throws: the `S3Error` that `fault` amounts to when there is nothing more to try; `CancellationError`.
    private func recover(
        from fault: AttemptFault, of request: S3Request, _ schedule: inout RetrySchedule
    ) async throws {
        if case .transport(.cancelled) = fault { throw CancellationError() }
        if fault.followsSuccess { schedule.noteUnbelievedSuccess() }
        switch schedule.next(after: retryClass(of: fault, request, &schedule)) {
        case .giveUp:
            if schedule.failureCount > 1 { note(fault, of: request, "S3 request given up", schedule) }
            throw S3Error(fault, of: request, call: call(request), attempts: schedule.failureCount)
        case .retry(let delay):
            note(fault, of: request, "S3 request failed, trying again", schedule, delay: delay)
            if fault.retryClass == .clockSkew { clock.adopt() }
            if fault.retryClass == .expiredCredentials { try await renew(fault, request) }
            try await Task.sleep(for: delay)
        }
    }

    /// A refusal in words that S3 has not may be one that changed on its way: of a read it counts when it has come twice. So does one of
    /// the signature, over which a single bit of the request decides.
    private func retryClass(
        of fault: AttemptFault, _ request: S3Request, _ schedule: inout RetrySchedule
    ) -> RetryClass {
        guard case .service(let service) = fault, fault.retryClass == .final, !location.server.isEncrypted
        else { return fault.retryClass }
        let isDoubtful =
            service.meaning == .badSignature
            || request.method == "GET" && service.code.map(AnswerMeaning.knows) != true
        return isDoubtful && !schedule.hasComeBefore(service) ? .changedInTransit : .final
    }

    /// - Throws: what `fault` amounts to where there are no other credentials.
    private func renew(_ fault: AttemptFault, _ request: S3Request) async throws {
        guard case .service(let service) = fault, let refused = service.credentials else { return }
        guard try await source.credentials(insteadOf: refused) != refused else {
            throw S3Error(fault, of: request, call: call(request), attempts: 1)
        }
    }

    func call(_ request: S3Request) -> S3Call {
        request.call(at: location, credentialsOrigin: source.origin, proxy: proxyInUse?.name)
    }

    private func judged(
        _ result: Result<HTTPResponse, HTTPTransportError>, of request: S3Request,
        signedWith credentials: S3Credentials
    ) -> (result: Result<HTTPResponse, any Error>, outcome: AdaptiveConcurrency.Outcome) {
        switch result {
        case .failure(.tooLong) where request.isRangeRead:
            let reason = "more bytes than the range that was asked for"
            return (.failure(AttemptFault.malformed(reason: reason, requestID: nil)), .answered)
        case .failure(let error):
            return (.failure(AttemptFault.transport(error)), .failed)
        case .success(let response):
            // The store never asks for that.
            if response.status == 407, let proxy = proxyInUse {
                return (.failure(AttemptFault.transport(.proxyAsksForLogin(proxy))), .failed)
            }
            clock.note(response.date)
            guard
                let fault = ServiceFault(
                    response, mayHideError: !request.isObjectRead, signedWith: credentials)
            else {
                if let fault = AttemptFault.interposition(response) { return (.failure(fault), .answered) }
                return (.success(response), .answered)
            }
            let isSlowDown = fault.meaning == .slowDown
            return (.failure(AttemptFault.service(fault)), isSlowDown ? .slowDown : .answered)
        }
    }

    private func httpLimits(_ request: S3Request, _ schedule: RetrySchedule) -> HTTPLimits {
        let total = min(limits.total, schedule.remaining() ?? limits.total)
        return HTTPLimits(
            connect: min(limits.connect, total), stall: min(request.stall ?? limits.stall, total),
            total: total)
    }

    private func currentCredentials() async throws -> S3Credentials {
        do {
            return try await source.credentials()
        } catch let error as S3Error {
            if case .credentialsUnavailable = error { throw AttemptFault.credentials(error) }
            throw error
        }
    }
}

extension S3Way {
    fileprivate func applied(to request: HTTPRequest, by proxy: HTTPProxy?) -> HTTPRequest {
        var request = request
        request.proxy = proxy
        request.reusesConnection = reusesConnections
        request.sendLimiters = sendLimiters
        request.receiveLimiters = receiveLimiters
        return request
    }
}
