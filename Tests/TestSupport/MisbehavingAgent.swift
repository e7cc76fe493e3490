// SPDX-License-Identifier: Apache-2.0

import HTTPTransport
import HTTPTypes
import Hummingbird
import Logging
import NIOCore
import ServiceLifecycle
import TLS

/// A node's agent as the test wants it: a real server with the node's own certificate, which passes every question on to the
/// node's real agent, if there is one, but for those that the test answers.
public final class MisbehavingAgent: Sendable {
    /// Where it listens on 127.0.0.1.
    public let port: Int

    private let server: Task<Void, Never>
    private let transport: HTTPTransport

    /// Serves as the agent of `node`, whose certificate is `identity`, until `stop`.
    ///
    /// - Parameters:
    ///   - agent: the port of the real one; nil: there is none, and what the test does not answer is 404.
    ///   - coordinator: shown to the real one.
    ///   - answer: what to say to a question. May be called from several threads at once.
    public static func start(
        node: String, cluster: String = "demo", identity: TestIdentity, before agent: Int? = nil,
        coordinator: TestIdentity,
        _ answer: @escaping @Sendable (AgentQuestion) async -> AgentAnswer
    ) async throws -> MisbehavingAgent {
        let transport = try HTTPTransport()
        let real = agent.map {
            RealAgent(
                origin: "https://\(node).\(cluster):\($0)", address: "127.0.0.1:\($0)",
                identity: HTTPIdentity(
                    authority: coordinator.authority, certificate: coordinator.certificate,
                    privateKey: coordinator.privateKey),
                transport: transport)
        }
        let context = try TLSServerContext(
            authority: identity.authority, certificate: identity.certificate, privateKey: identity.privateKey,
            cluster: cluster)
        var logger = Logger(label: "misbehaving", factory: { _ in SwiftLogNoOpLogHandler() })
        logger.logLevel = .critical
        let (ports, announce) = AsyncStream.makeStream(of: Int.self)
        let application = Application(
            responder: AnsweringResponder(real: real, answer: answer), server: .mutualTLS(context),
            configuration: ApplicationConfiguration(address: .hostname("127.0.0.1", port: 0)),
            onServerRunning: { announce.yield($0.localAddress?.port ?? 0) }, logger: logger)
        let group = ServiceGroup(configuration: .init(services: [application], logger: logger))
        let server = Task {
            try? await group.run()
            announce.finish()
        }
        for await port in ports { return MisbehavingAgent(port: port, server: server, transport: transport) }
        throw CancellationError()
    }

    private init(port: Int, server: Task<Void, Never>, transport: HTTPTransport) {
        self.port = port
        self.server = server
        self.transport = transport
    }

    /// Ends every connection.
    public func stop() async {
        server.cancel()
        await server.value
        await transport.shutdown()
    }
}

/// A request as the agent got it.
public struct AgentQuestion: Sendable {
    /// `GET`, `POST`, `DELETE`.
    public let method: String
    /// Path and query.
    public let target: String
    /// What came with it.
    public let body: [UInt8]

    /// Whether it asks for a job's event stream.
    public var isForEvents: Bool { method == "GET" && target.contains("/events") }
    /// Whether it asks for a job to be taken on.
    public var isSubmission: Bool { method == "POST" && target == "/v1/jobs" }
    /// Whether it asks where one job stands.
    public var isForJob: Bool { method == "GET" && target.hasPrefix("/v1/jobs/") && !isForEvents }
    /// Whether it asks for the agent's status.
    public var isForStatus: Bool { method == "GET" && target.hasPrefix("/v1/status") }
    /// Whether it asks for a job's end.
    public var isCancellation: Bool { method == "DELETE" }
}

/// What a misbehaving agent says.
public enum AgentAnswer: Sendable {
    /// What the real one says.
    case real
    /// What the real one says, changed: its status and body, nil where it does not answer.
    case changed(@Sendable (_ status: Int?, _ body: [UInt8]) -> (status: Int, body: [UInt8]))
    /// What the real one streams, each of its lines made others: no newlines in either.
    case changedLines(@Sendable (_ line: String) -> [String])
    /// An answer of its own.
    case bytes(Int, [UInt8], headers: [String: String] = [:])
    /// An answer that comes piece by piece; nil ends it. `number` begins at 0.
    case stream(@Sendable (_ number: Int) async -> [UInt8]?)
    /// Nothing, until the other side has had enough.
    case silence

    /// A text of its own.
    public static func text(_ status: Int = 200, _ text: String) -> AgentAnswer {
        .bytes(status, Array(text.utf8))
    }
}
