// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import BlockingWork
import Certificates
import HTTPTypes
import Hummingbird
import LogOutput
import Logging
import NIOCore
import TLS

/// The agent's routes (`AgentPaths`): each asks the job table or the status report, and answers in JSON.
struct AgentRouter: Sendable {
    /// Bytes at most of a request's body.
    static let bodyByteCountLimit = 1 << 20
    /// The same of secrets, which are sent in base64.
    static let secretsByteCountLimit = 2 * (SecretLimits.byteCount + SecretsOrder.otherByteCountLimit)
    /// How long a body may take.
    static let bodyTimeLimit: Duration = .seconds(30)

    let settings: AgentSettings
    let table: JobTable
    let work: any JobWork
    let status: @Sendable (StatusQuestion?) async -> NodeStatus
    let volumes: @Sendable (StatusQuestion) async -> NodeVolumes
    let restorability: @Sendable (RestorabilityQuestion) async -> NodeRestorability
    let createKeys: @Sendable (KeyRequest) async throws -> NodeKeys
    let markPins: @Sendable (PinRequest) async -> NodePins
    let identity: IdentityService
    let revocations: RevocationStore
    let secrets: SentSecrets
    let tls: TLSServerContext
    let logger: Logger

    func router() -> Router<AgentRequestContext> {
        let router = Router(context: AgentRequestContext.self)
        router.addMiddleware {
            RevocationHeader { [tls] in RevocationNumbers(tls.revoked.numbers) }
            RefusalsAsJSON(node: settings.node, logger: logger)
            RoleCheck(node: settings.node, cluster: settings.cluster)
        }
        router.get(RouterPath(AgentPaths.status)) { request, context in
            try await self.status(request, context)
        }
        router.get(RouterPath(AgentPaths.volumes)) { request, context in
            guard let question = try self.question(request) else {
                throw self.refusal(.badRequest, "a volumes question names at least 'bucket' and 'region'")
            }
            try await self.requireKnown(question.storage, context)
            return try Response(await self.volumes(question), context: context)
        }
        router.get(RouterPath(AgentPaths.restorability)) { request, context in
            guard let question = RestorabilityQuestion(items: self.items(request)) else {
                throw self.refusal(
                    .badRequest,
                    "a restorability question names at least 'bucket', 'region', 'run' and 'files'")
            }
            try await self.requireKnown(question.place.storage, context)
            return try Response(await self.restorability(question), context: context)
        }
        router.post(RouterPath(AgentPaths.keys)) { request, context in
            let request: KeyRequest = try await self.body(of: request, "the request for keys")
            let keys = try await self.createKeys(request)
            for key in keys.keys {
                self.logger.notice(
                    "key made and proved", metadata: ["path": "\(key.keyPath)", "user": "\(key.user)"])
            }
            return try Response(keys, status: .created, context: context)
        }
        router.post(RouterPath(AgentPaths.pins)) { request, context in
            let request: PinRequest = try await self.body(of: request, "the pins")
            return try Response(await self.markPins(request), context: context)
        }
        addIdentity(to: router)
        router.get(RouterPath(AgentPaths.revocations)) { _, context in
            try Response(self.revocations.answer, context: context)
        }
        router.post(RouterPath(AgentPaths.revocations)) { request, context in
            let order: RevocationOrder = try await self.body(of: request, "the list of revoked certificates")
            return try Response(await self.revocations.take(order), context: context)
        }
        router.get(RouterPath(AgentPaths.jobs)) { _, context in
            try Response(await self.table.list(), context: context)
        }
        router.post(RouterPath(AgentPaths.jobs)) { request, context in
            try await self.accept(request, context)
        }
        router.get(RouterPath(AgentPaths.job(":id"))) { _, context in
            try Response(await self.table.snapshot(of: self.knownID(context)), context: context)
        }
        router.delete(RouterPath(AgentPaths.job(":id"))) { request, context in
            try await self.cancel(request, context)
        }
        router.put(RouterPath(AgentPaths.secrets(":id"))) { request, context in
            try await self.keepSecrets(request, context)
        }
        router.get(RouterPath("\(AgentPaths.job(":id"))/events")) { request, context in
            try await self.events(request, context)
        }
        return router
    }

    private func addIdentity(to router: Router<AgentRequestContext>) {
        router.post(RouterPath(AgentPaths.identityRequest)) { request, context in
            let _: IdentityRequest = try await self.body(of: request, "the request for a new key")
            self.logger.notice(
                "a new key is made, and a certificate asked for", metadata: ["peer": "\(context.peerName)"])
            return try Response(await self.identity.request(), status: .created, context: context)
        }
        router.post(RouterPath(AgentPaths.identity)) { request, context in
            let order: IdentityOrder = try await self.body(of: request, "the new identity")
            let answer = try await self.identity.carryOut(order)
            self.logger.notice(
                "the agent's identity is changed",
                metadata: [
                    "peer": "\(context.peerName)", "serial": "\(answer.identity.serial)",
                    "authorities": "\(answer.identity.authorities.count)",
                ])
            return try Response(answer, context: context)
        }
    }

    private func status(_ request: Request, _ context: AgentRequestContext) async throws -> Response {
        let question = try question(request)
        if let question { try await requireKnown(question.storage, context) }
        return try Response(await status(question), context: context)
    }

    /// Signed requests go to the place that a question names: an observer's only where a job has been already.
    private func requireKnown(_ place: StorageAddress, _ context: AgentRequestContext) async throws {
        guard context.peer?.name.role == .observer else { return }
        guard await table.knows(place) else {
            throw HTTPRefusal(
                .forbidden,
                WireError(
                    .authentication, node: settings.node,
                    "no job of this node has named bucket '\(place.bucket)' at \(place.endpoint ?? "AWS"), and an observer's "
                        + "question leads nowhere else",
                    hint: "ask once a job has run on this node, or with the coordinator's certificate."))
        }
    }

    /// Nil where nothing is asked beyond the agent itself.
    private func question(_ request: Request) throws -> StatusQuestion? {
        let items = items(request)
        let question = StatusQuestion(items: items)
        guard question != nil || items.isEmpty else {
            throw refusal(.badRequest, "a status question names at least 'bucket' and 'region'")
        }
        return question
    }

    /// The query, decoded.
    private func items(_ request: Request) -> [(name: String, value: String)] {
        request.uri.queryParameters.map { (name: String($0.key), value: String($0.value)) }
    }

    /// 200 for a job that was known, 202 for one that was taken on.
    private func accept(_ request: Request, _ context: AgentRequestContext) async throws -> Response {
        let order: JobRequest = try await body(of: request, "the job")
        let isNew = try await table.isNew(order)
        let job = if isNew { try await work.check(order) } else { CheckedJob(request: order) }
        let snapshot = try await table.accept(job)
        if isNew {
            logger.notice(
                "job accepted",
                metadata: [
                    "job": "\(order.id)", "run": "\(order.run)", "attempt": "\(order.attempt)",
                    "coordinator": "\(order.coordinator)", "peer": "\(context.peerName)",
                ])
        }
        return try Response(snapshot, status: isNew ? .accepted : .ok, context: context)
    }

    /// 202; 409 for a job that has ended, or waits for none. What is sent is held in memory until the job has ended, and shown nowhere.
    private func keepSecrets(_ request: Request, _ context: AgentRequestContext) async throws -> Response {
        let id = try await knownID(context)
        let order: SecretsOrder = try await body(
            of: request, "the secrets", limit: Self.secretsByteCountLimit)
        guard await table.awaitsSecrets(id) else {
            throw HTTPRefusal(
                .conflict,
                WireError(.failed, node: settings.node, "job '\(id)' has ended, or waits for no secrets"))
        }
        secrets.keep(order, of: id)
        logger.notice(
            "secrets came for a job",
            metadata: ["job": "\(id)", "files": "\(order.allFiles.count)", "peer": "\(context.peerName)"])
        return try Response(await table.snapshot(of: id), status: .accepted, context: context)
    }

    /// 202; 404 for a job that is unknown, which then does not begin when it comes.
    private func cancel(_ request: Request, _ context: AgentRequestContext) async throws -> Response {
        let id = context.parameters.get("id") ?? ""
        let attempt = try number("attempt", of: request)
        let fence = try number("fence", of: request)
        logger.notice("job is to be cancelled", metadata: ["job": "\(id)", "peer": "\(context.peerName)"])
        guard let snapshot = try await table.cancel(id, attempt: attempt, fence: fence) else {
            throw HTTPRefusal(.notFound, JobRefusal.unknown(id, node: settings.node))
        }
        return try Response(snapshot, status: .accepted, context: context)
    }

    /// A number of the query, from 0 on; nil where it is not there.
    private func number(_ name: Substring, of request: Request) throws -> Int? {
        guard let text = request.uri.queryParameters[name] else { return nil }
        guard let number = Int(text), (0...Int(Int32.max) * 64).contains(number) else {
            throw refusal(.badRequest, "'\(name)=\(text)' is no number that counts")
        }
        return number
    }

    private func body<Value: Decodable>(
        of request: Request, _ what: String, limit: Int = bodyByteCountLimit
    ) async throws -> Value {
        let body = try await withTimeLimit(Self.bodyTimeLimit) {
            try await request.body.collect(upTo: limit)
        }
        guard let body else { throw refusal(.requestTimeout, "the request's body took too long") }
        do {
            return try WireJSON.read(from: Array(body.readableBytesView), what: what)
        } catch {
            throw refusal(.badRequest, "\(error)")
        }
    }

    private func events(_ request: Request, _ context: AgentRequestContext) async throws -> Response {
        let id = try await knownID(context)
        let text = request.uri.queryParameters["after"] ?? "0"
        guard let sequence = Int(text), sequence >= 0 else {
            throw refusal(.badRequest, "'after=\(text)' is no event's number")
        }
        let feed = try await table.listen(id, after: sequence)
        let logger = logger.with(["job": "\(id)", "peer": "\(context.peerName)"])
        logger.debug("events are listened to", metadata: ["after": "\(sequence)"])
        return Response(feed, of: table, context: context, logger: logger)
    }

    private func knownID(_ context: AgentRequestContext) async throws -> String {
        let id = context.parameters.get("id") ?? ""
        guard await table.knows(id) else {
            throw HTTPRefusal(.notFound, JobRefusal.unknown(id, node: settings.node))
        }
        return id
    }

    private func refusal(_ status: HTTPResponse.Status, _ text: String) -> HTTPRefusal {
        HTTPRefusal(status, WireError(.unsupported, node: settings.node, text))
    }
}
