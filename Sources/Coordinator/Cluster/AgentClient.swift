// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import HTTPTransport
import Logging

/// One node's agent, as the coordinator speaks to it: what it is asked, and that the answer is of what was asked.
///
/// Everything throws `WireError` with the node's name, `WireErrors` where the agent gives several reasons, `NotAsked`, or
/// `CancellationError`.
struct AgentClient: Sendable {
    /// Without a `StatusQuestion`, and for everything about jobs.
    static let answerLimit: Duration = .seconds(20)
    /// With a question: the agent asks the store and parses configurations.
    static let questionLimit: Duration = .seconds(45)
    /// The agent gives up after a minute, and says so.
    static let restorabilityLimit: Duration = .seconds(75)

    var connection: AgentConnection

    var node: String { connection.node }
    var logger: Logger { connection.logger }

    /// The same agent over connections of their own, whose certificates are those of now.
    var afresh: AgentClient {
        var client = self
        client.connection.reusesConnection = false
        return client
    }

    /// What the node says of itself; with a question also of the store and its configurations.
    func status(_ question: StatusQuestion? = nil) async throws -> NodeStatus {
        let limit = question == nil ? Self.answerLimit : Self.questionLimit
        let answer = try await get(question?.path ?? AgentPaths.status, limit: limit)
        var status: NodeStatus = try answer.accepted().value()
        guard status.node == node, status.cluster == connection.cluster else {
            throw WireError(
                .authentication, node: node,
                "the agent calls itself '\(JobClaim.told(status.node))' of cluster '\(JobClaim.told(status.cluster))'",
                hint: "copy the folder that 'amfleet node add' made for \(node) to it.")
        }
        status.runningJob = status.runningJob.map(JobClaim.told)
        status.configurations = Self.asked(status.configurations, question)
        return status
    }

    /// Of what the node says of configurations that which was asked, each once and bounded: it goes into manifests and onto terminals.
    static func asked(
        _ configurations: [ConfigurationStatus], _ question: StatusQuestion?
    ) -> [ConfigurationStatus] {
        let names = question?.configurations.map(\.name) ?? []
        return names.compactMap { name in configurations.first { $0.name == name }?.bounded }
    }

    /// The volumes of the configurations that the question names.
    func volumes(_ question: StatusQuestion) async throws -> NodeVolumes {
        let answer: NodeVolumes = try await get(
            question.path(AgentPaths.volumes), limit: Self.questionLimit
        ).accepted().value()
        let fault = AnswerClaim.fault(
            by: answer.node, of: answer.configurations.map(\.name),
            asked: question.configurations.map(\.name), node: node)
        if let fault { throw fault }
        return answer
    }

    /// Whether what lies where only the node can look can still be had.
    func restorability(_ question: RestorabilityQuestion) async throws -> NodeRestorability {
        let answer: NodeRestorability = try await get(question.path, limit: Self.restorabilityLimit)
            .accepted(olderAgent: "does not know this question").value()
        guard answer.node == node, answer.run == question.run else {
            throw WireError(
                .failed, node: node, "the agent answered for run \(answer.run) of node '\(answer.node)'")
        }
        return answer
    }

    /// Has the node make keys; it takes seconds for each user.
    func createKeys(_ request: KeyRequest, limit: Duration) async throws -> NodeKeys {
        let answer: NodeKeys = try await post(request, AgentPaths.keys, limit: limit).accepted().value()
        if let fault = AnswerClaim.fault(by: answer.node, node: node) { throw fault }
        guard !answer.keys.isEmpty else {
            throw WireError(
                .failed, node: node, "the agent says that it is done, and names no key",
                hint: "look at amfleetd's log on the node.")
        }
        return answer
    }

    /// Has the node mark what pinned runs need.
    func mark(_ request: PinRequest) async throws -> NodePins {
        let answer: NodePins = try await post(request, AgentPaths.pins, limit: Self.questionLimit)
            .accepted(olderAgent: "marks no volumes").value()
        let fault = AnswerClaim.fault(
            by: answer.node, of: answer.configurations.map(\.name), asked: request.configurations, node: node)
        if let fault { throw fault }
        return answer
    }

    /// Has the node make a new key, and ask for its certificate.
    func requestCertificate() async throws -> NodeCertificateRequest {
        let answer = try await post(IdentityRequest(), AgentPaths.identityRequest)
        guard !answer.isUnknown else { throw tooOldForIdentities }
        return try answer.accepted().value()
    }

    /// Changes whom the node believes, and who it is.
    func carryOut(_ order: IdentityOrder) async throws -> NodeIdentity {
        let answer = try await post(order, AgentPaths.identity)
        guard !answer.isUnknown else { throw tooOldForIdentities }
        let said: IdentityAnswer = try answer.accepted().value()
        if let fault = AnswerClaim.fault(by: said.node, node: node) { throw fault }
        return said.identity
    }

    var tooOldForIdentities: WireError {
        AgentAnswer.tooOld(
            node, "cannot renew its certificate",
            ", or copy what 'amfleet node renew \(node) --folder DIRECTORY' writes")
    }

    func get(_ path: String, limit: Duration = answerLimit) async throws -> AgentAnswer {
        try await connection.send("GET", path, body: .empty, limit: limit)
    }

    func post(
        _ value: some Encodable, _ path: String, limit: Duration = answerLimit
    ) async throws -> AgentAnswer {
        try await connection.send("POST", path, body: .bytes(try WireJSON.document(value)), limit: limit)
    }
}
