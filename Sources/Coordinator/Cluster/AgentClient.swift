// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import Certificates
import HTTPTransport
import LogOutput
import Logging
import S3

/// One node's agent, as the coordinator speaks to it.
///
/// The URL's host is the node's name in the cluster, `<node>.<cluster>`, which TLS checks against the agent's certificate,
/// as the transport does with its URI; the address only says where to connect. Everything throws `WireError` with the
/// node's name, `WireErrors` where the agent gives several reasons, or `CancellationError`.
struct AgentClient: Sendable {
    /// An agent sends a heartbeat every 2 s: five missing ones mean that it is frozen or gone.
    static let eventStall: Duration = .seconds(10)
    /// Without a `StatusQuestion`, and for everything about jobs.
    static let answerLimit: Duration = .seconds(20)
    /// With a question: the agent asks the store and parses configurations.
    static let questionLimit: Duration = .seconds(45)
    /// The agent gives up after a minute, and says so.
    static let restorabilityLimit: Duration = .seconds(75)

    let node: String
    let address: AgentAddress
    let cluster: String
    let identity: HTTPIdentity
    let transport: HTTPTransport
    var logger = Logger.discarding
    /// What is revoked; nil: nothing, and nobody is told.
    var revocations: RevocationKeeper?
    private var reusesConnection = true

    init(
        node: String, address: AgentAddress, cluster: String, identity: HTTPIdentity,
        transport: HTTPTransport,
        logger: Logger = .discarding
    ) {
        self.node = node
        self.address = address
        self.cluster = cluster
        self.identity = identity
        self.transport = transport
        self.logger = logger
    }

    /// What the node says of itself; with a question also of the store and its configurations.
    func status(_ question: StatusQuestion? = nil) async throws -> NodeStatus {
        let limit = question == nil ? Self.answerLimit : Self.questionLimit
        let response = try await send("GET", question?.path ?? AgentPaths.status, limit: limit)
        let status: NodeStatus = try read(response)
        guard status.node == node, status.cluster == cluster else {
            throw WireError(
                .authentication, node: node,
                "the agent calls itself '\(status.node)' of cluster '\(status.cluster)'",
                hint: "copy the folder that 'amfleet node add \(node)' made to the node.")
        }
        return status
    }

    /// The volumes of the configurations that the question names.
    func volumes(_ question: StatusQuestion) async throws -> NodeVolumes {
        try read(await send("GET", question.path(AgentPaths.volumes), limit: Self.questionLimit))
    }

    /// Whether what lies where only the node can look can still be had.
    func restorability(_ question: RestorabilityQuestion) async throws -> NodeRestorability {
        let response = try await send(
            "GET", question.path, limit: Self.restorabilityLimit, absentIsFine: true)
        guard response.status != 404 else {
            throw WireError(
                .unsupported, node: node, "its agent is older and does not know this question",
                hint: "bring amfleetd on the node to the version of amfleet.")
        }
        let answer: NodeRestorability = try read(response)
        guard answer.node == node, answer.run == question.run else {
            throw WireError(
                .failed, node: node, "the agent answered for run \(answer.run) of node '\(answer.node)'")
        }
        return answer
    }

    /// Has the node make keys; it takes seconds for each user.
    func createKeys(_ request: KeyRequest, limit: Duration) async throws -> NodeKeys {
        let body = HTTPBody.bytes(try WireJSON.document(request))
        return try read(await send("POST", AgentPaths.keys, body: body, limit: limit))
    }

    /// Has the node mark what pinned runs need.
    func mark(_ request: PinRequest) async throws -> NodePins {
        let response = try await send(
            "POST", AgentPaths.pins, body: .bytes(try WireJSON.document(request)), limit: Self.questionLimit,
            absentIsFine: true)
        guard response.status != 404 else {
            throw WireError(
                .unsupported, node: node, "its agent is older and marks no volumes",
                hint: "bring amfleetd on the node to the version of amfleet.")
        }
        return try read(response)
    }

    /// Has the node make a new key, and ask for its certificate.
    func requestCertificate() async throws -> NodeCertificateRequest {
        let response = try await send(
            "POST", AgentPaths.identityRequest, body: .bytes(try WireJSON.document(IdentityRequest())),
            absentIsFine: true)
        guard response.status != 404 else { throw tooOldForIdentities }
        return try read(response)
    }

    /// Changes whom the node believes, and who it is.
    func carryOut(_ order: IdentityOrder) async throws -> NodeIdentity {
        let response = try await send(
            "POST", AgentPaths.identity, body: .bytes(try WireJSON.document(order)), absentIsFine: true)
        guard response.status != 404 else { throw tooOldForIdentities }
        let answer: IdentityAnswer = try read(response)
        guard answer.node == node else {
            throw WireError(.authentication, node: node, "the agent answers as '\(answer.node)'")
        }
        return answer.identity
    }

    var tooOldForIdentities: WireError {
        WireError(
            .unsupported, node: node, "its agent is older and cannot renew its certificate",
            hint:
                "bring amfleetd on the node to the version of amfleet, or copy what 'amfleet node renew \(node) --folder DIRECTORY' writes."
        )
    }

    /// The same agent over connections of their own, whose certificates are those of now.
    var afresh: AgentClient {
        var client = self
        client.reusesConnection = false
        return client
    }

    /// Asks for a job. Twice with the same id and attempt is the same job.
    func submit(_ request: JobRequest) async throws -> JobSnapshot {
        let snapshot: JobSnapshot = try read(
            await send("POST", AgentPaths.jobs, body: .bytes(try WireJSON.document(request))))
        if let fault = JobClaim.fault(snapshot, id: request.id, request, node: node) { throw fault }
        return snapshot
    }

    /// Where a job stands; nil for one that the agent does not know.
    ///
    /// - Parameter request: as it was asked for, where that is known.
    func job(_ id: String, _ request: JobRequest? = nil) async throws -> JobSnapshot? {
        try requirePossible(id)
        let response = try await send("GET", AgentPaths.job(id), absentIsFine: true)
        guard response.status != 404 else { return nil }
        let snapshot: JobSnapshot = try read(response)
        if let fault = JobClaim.fault(snapshot, id: id, request, node: node) { throw fault }
        return snapshot
    }

    /// Every job that the agent remembers, newest first.
    func jobs() async throws -> [JobSnapshot] {
        let list: JobList = try read(await send("GET", AgentPaths.jobs))
        return list.jobs
    }

    /// Asks for a job's end, which comes later. A job that is final is fine; so is one that is unknown: the agent then keeps in
    /// mind that it must not begin.
    ///
    /// - Parameters:
    ///   - attempt: up to which one it must not begin.
    ///   - fence: of the lease under which this is asked.
    func cancel(_ id: String, attempt: Int? = nil, fence: Int? = nil) async throws {
        try requirePossible(id)
        let path = AgentPaths.cancellation(id, attempt: attempt, fence: fence)
        _ = try await send("DELETE", path, absentIsFine: true)
    }

    /// The job's events after number `sequence`, as they come.
    func events(_ id: String, after sequence: Int) async throws -> AgentEvents {
        var request = try request("GET", AgentPaths.events(id, after: sequence))
        request.limits = HTTPLimits(stall: Self.eventStall, total: nil)
        let stream: HTTPStream
        do {
            stream = try await transport.open(request)
        } catch {
            throw failure(error, of: "GET", AgentPaths.job(id))
        }
        guard stream.status == 200 else {
            throw WireError(
                .agentLost, node: node, "the agent answered \(stream.status) for the events of \(id)")
        }
        logger.debug("listening to the job's events", metadata: ["job": "\(id)", "after": "\(sequence)"])
        return AgentEvents(node: node, stream: stream)
    }

    private func requirePossible(_ id: String) throws {
        guard JobClaim.isPossible(id) else {
            throw WireError(
                .failed, node: node, "the agent names a job '\(id)', which is no name of a job",
                hint: "look at amfleetd's log on the node, and that no other program answers at its address.")
        }
    }

    private func request(_ method: String, _ path: String) throws -> HTTPRequest {
        var identity = identity
        do {
            identity.peerURI = try PeerName(cluster: cluster, role: .node(node)).uri
        } catch {
            throw WireError(.configuration, node: node, error.headline, hint: error.hint)
        }
        if let revocations { identity.revoked = revocations.lists }
        var request = HTTPRequest(
            method: method, url: "https://\(node).\(cluster):\(address.port)\(path)",
            sink: .collect(limit: ClusterBucket.documentLimit),
            connectTo: address.description, identity: identity)
        request.reusesConnection = reusesConnection
        return request
    }

    private func send(
        _ method: String, _ path: String, body: HTTPBody = .empty, limit: Duration = answerLimit,
        absentIsFine: Bool = false
    ) async throws -> HTTPResponse {
        await revocations?.refresh()
        let response = try await answer(method, path, body: body, limit: limit)
        try await exchangeRevocations(after: response)
        if (200...299).contains(response.status) || (absentIsFine && response.status == 404) {
            return response
        }
        throw refusal(response)
    }

    /// Without a look at what the agent knows of revoked certificates.
    func sendPlainly(_ method: String, _ path: String, body: HTTPBody = .empty) async throws -> HTTPResponse {
        let response = try await answer(method, path, body: body, limit: Self.answerLimit)
        guard (200...299).contains(response.status) else { throw refusal(response) }
        return response
    }

    private func answer(
        _ method: String, _ path: String, body: HTTPBody, limit: Duration
    ) async throws -> HTTPResponse {
        var request = try request(method, path)
        request.body = body
        request.limits = HTTPLimits(stall: limit, total: limit)
        if body.byteCount > 0 { request.headers.append(("Content-Type", "application/json")) }
        let response: HTTPResponse
        do {
            response = try await transport.send(request)
        } catch {
            throw failure(error, of: method, path)
        }
        logger.debug("\(method) \(path.withoutQuery) was answered with \(response.status)")
        return response
    }

    private func failure(_ error: HTTPTransportError, of method: String, _ path: String) -> any Error {
        if error == .cancelled { return CancellationError() }
        if case .shortage(_, let number) = error {
            return NotAsked(agent: "the agent at \(address)", number: number)
        }
        let failure = WireError(error, node: node, agent: "the agent at \(address)")
        logger.info(
            "\(method) \(path.withoutQuery) was not answered",
            metadata: ["reason": "\(failure.message)"])
        return failure
    }

    /// What the agent said in its own words, or what its status code means.
    private func refusal(_ response: HTTPResponse) -> any Fault {
        if let said = try? WireJSON.read(WireErrors.self, from: response.body, what: "error") {
            // It speaks for its own node alone.
            let errors = WireError.all(of: said, node: node).map { $0.said(by: node) }
            for error in errors {
                logger.info(
                    "the agent refused with \(response.status)",
                    metadata: ["reason": "\(error.message)", "kind": "\(error.kind.rawValue)"])
            }
            return WireErrors.joined(errors)
        }
        let kind: WireError.Kind =
            switch response.status {
            case 401, 403: .authentication
            case 409: .busy
            case 500...599: .agentLost
            default: .failed
            }
        return WireError(kind, node: node, "the agent answered \(response.status)")
    }

    func read<Value: Decodable>(_ response: HTTPResponse) throws -> Value {
        do {
            return try WireJSON.read(Value.self, from: response.body, what: "the agent's answer")
        } catch {
            throw WireError(
                .unsupported, node: node, "\(error)", hint: "bring amfleet and amfleetd to the same version.")
        }
    }
}

extension String {
    /// As the log has it: a query is long.
    fileprivate var withoutQuery: Substring { prefix { $0 != "?" } }
}
