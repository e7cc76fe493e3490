// SPDX-License-Identifier: Apache-2.0

import Certificates
import Foundation
import HTTPTypes
import Hummingbird
import Logging
import NIOCore
import ServiceLifecycle
import TestSupport

@testable import TLS

/// A real Hummingbird application behind `HTTPServerBuilder.mutualTLS`, on a free port of 127.0.0.1.
struct TestServer: Sendable {
    let port: Int
    let context: TLSServerContext
    let authority: TestAuthority
    /// The identity that clients show unless a test says otherwise.
    let coordinator: TestIdentity
    let log: LogCollector
    let seen: Observations
    let services: ServiceGroup

    /// Runs a server around `body`, and ends it, whatever `body` left connected; gracefully, it waits for that to end.
    static func run(
        limits: TLSLimits = TLSLimits(), connections: ConnectionLimits = ConnectionLimits(),
        endsGracefully: Bool = false,
        _ body: @Sendable (TestServer) async throws -> Void
    ) async throws {
        let directory = NSTemporaryDirectory() + "tls-" + UUID().uuidString
        defer { try? FileManager.default.removeItem(atPath: directory) }
        let authority = try TestAuthority(directory: directory)
        let identity = try authority.write(.node("node01"))
        let coordinator = try authority.write(.coordinator)
        let context = try TLSServerContext(
            authority: identity.authority, certificate: identity.certificate, privateKey: identity.privateKey,
            cluster: "demo")
        let log = LogCollector()
        let seen = Observations()
        let (ports, announce) = AsyncStream.makeStream(of: Int.self)
        let application = Application(
            router: TestRoutes.router(seen),
            server: .mutualTLS(context, limits: limits, connections: connections) { peer, limit in
                Array("\(peer.uri) has \(limit)".utf8)
            },
            configuration: ApplicationConfiguration(
                address: .hostname("127.0.0.1", port: 0),
                availableConnectionsDelegate: AcceptedConnections(connections)),
            onServerRunning: { announce.yield($0.localAddress?.port ?? 0) },
            logger: log.logger)
        let group = ServiceGroup(configuration: .init(services: [application], logger: log.logger))
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask { try await group.run() }
            for await port in ports {
                let server = TestServer(
                    port: port, context: context, authority: authority, coordinator: coordinator, log: log,
                    seen: seen, services: group)
                try await body(server)
                break
            }
            if endsGracefully {
                await group.triggerGracefulShutdown()
                try await tasks.waitForAll()
            }
            tasks.cancelAll()
        }
    }

    /// The URL of `path` under the node's name, which its certificate bears.
    func url(_ path: String) -> String { "https://node01.demo:\(port)/\(path)" }

    /// What curl needs to trust the server and to find it, with `identity` as its own if there is one.
    func curlArguments(_ identity: TestIdentity?) -> [String] {
        var arguments = [
            "-sS", "--max-time", "120", "--cacert", authority.certificatePath,
            "--connect-to", "node01.demo:\(port):127.0.0.1:\(port)",
        ]
        if let identity {
            arguments += ["--cert", identity.certificate, "--key", identity.privateKey]
        }
        return arguments
    }

    /// curl, as the coordinator.
    func curl(_ path: String, _ more: String...) async throws -> ClientOutcome {
        try await ClientProgram.run("curl", curlArguments(coordinator) + more + [url(path)])
    }

    /// The part of `openssl s_client` that every use of it shares, as the coordinator.
    var sClientArguments: [String] {
        [
            "s_client", "-connect", "127.0.0.1:\(port)", "-servername", "node01.demo",
            "-CAfile", authority.certificatePath, "-cert", coordinator.certificate, "-key",
            coordinator.privateKey,
        ]
    }
}
