// SPDX-License-Identifier: Apache-2.0

public import AgentAPI
import Certificates
import HTTPTransport
import Hummingbird
import LogOutput
public import Logging
import NIOCore
import ServiceLifecycle
import TLS
import UnixSignals

/// The node's agent: its HTTPS server, its jobs, and everything they need, from one `agent.json`.
public struct AgentServer: Sendable {
    let settings: AgentSettings
    let tls: TLSServerContext
    let table: JobTable
    let revocations: RevocationStore
    /// That coordinators sent, for jobs that wait for them.
    let secrets: SentSecrets
    let logger: Logger
    private let work: any JobWork
    private let status: @Sendable (StatusQuestion?) async -> NodeStatus
    private let transport: HTTPTransport
    private let lock: StateLock

    /// Takes the state directory, reads certificates and jobs. Nothing listens yet. Blocks.
    ///
    /// - Throws: `AgentStartError`, `TLSError`, `FilesError`; the text says what to do.
    public init(settings: AgentSettings, logger: Logger) throws {
        let transport = try HTTPTransport()
        let secrets = SentSecrets()
        try self.init(
            settings: settings, transport: transport,
            work: NodeWork(settings: settings, transport: transport, secrets: secrets, logger: logger),
            secrets: secrets, logger: logger
        ) { table, tls in
            let report = StatusAnswer(
                settings: settings, tls: tls, table: table,
                storage: NodeStorage(settings: settings, transport: transport, logger: logger))
            return { await report.status(answering: $0) }
        }
    }

    /// - Parameter status: makes what answers a status question.
    init(
        settings: AgentSettings, transport: HTTPTransport, work: any JobWork,
        secrets: SentSecrets = SentSecrets(), logger: Logger,
        status: (JobTable, TLSServerContext) -> @Sendable (StatusQuestion?) async -> NodeStatus
    ) throws {
        self.settings = settings
        self.transport = transport
        self.work = work
        self.secrets = secrets
        self.logger = logger
        lock = try StateLock(stateDirectory: settings.stateDirectory)
        Leftovers(settings: settings).remove(logger: logger)
        let identity = IdentityFiles(
            certificate: settings.tls.certificate, privateKey: settings.tls.privateKey)
        if try identity.recover() { logger.notice("a change of the certificate that was cut short is ended") }
        tls = try TLSServerContext(
            authority: settings.tls.authority, certificate: settings.tls.certificate,
            privateKey: settings.tls.privateKey, cluster: settings.cluster)
        revocations = RevocationStore(settings: settings, tls: tls, logger: logger)
        table = try JobTable(
            node: settings.node, cluster: settings.cluster,
            store: JobStore(stateDirectory: settings.stateDirectory), logger: logger)
        self.status = status(table, tls)
    }

    /// Serves until the task is cancelled or, where `endingOnSignals`, SIGTERM or SIGINT arrives.
    ///
    /// On a signal running jobs end as `interrupted`, their uploads aborted, their listeners told; then it returns.
    ///
    /// - Parameter onReady: called once with the address that is listened on.
    public func run(
        endingOnSignals: Bool, onReady: @escaping @Sendable (AgentSettings.ListenAddress) async -> Void
    ) async throws {
        for warning in tls.warnings + nameWarnings { logger.warning("\(warning)") }
        // Ended in reverse: first the jobs, so that listeners hear how theirs ended, then the server.
        let services: [any Service] = [
            CertificateWatch(reloader: TLSReloader(tls, every: .seconds(5), logger: logger)),
            application(onReady),
            JobRunner(table: table, work: work, logger: logger),
        ]
        let group = ServiceGroup(
            configuration: .init(
                services: services, gracefulShutdownSignals: endingOnSignals ? [.sigterm, .sigint] : [],
                logger: serverLogger))
        do {
            try await group.run()
        } catch {
            await transport.shutdown()
            throw AgentStartError(serving: settings.listen, error) ?? error
        }
        await transport.shutdown()
    }

    /// The coordinator refuses an agent whose certificate bears another name.
    private var nameWarnings: [String] {
        guard let name = try? tls.certificateFacts.peerName, name.role != .node(settings.node) else {
            return []
        }
        return [
            "the certificate '\(settings.tls.certificate)' is that of \(name), not of node '\(settings.node)'"
        ]
    }

    private func application(
        _ onReady: @escaping @Sendable (AgentSettings.ListenAddress) async -> Void
    ) -> some ApplicationProtocol {
        let storage = NodeStorage(settings: settings, transport: transport, logger: logger)
        let volumes = VolumesAnswer(settings: settings, storage: storage)
        let restorability = RestorabilityAnswer(settings: settings, storage: storage)
        let keys = KeyService(settings: settings)
        let pins = PinService(settings: settings)
        let routes = AgentRouter(
            settings: settings, table: table, work: work, status: status,
            volumes: { await volumes.volumes(answering: $0) },
            restorability: { await restorability.restorability(answering: $0) },
            createKeys: { try await keys.create($0) }, markPins: { await pins.mark($0) },
            identity: IdentityService(settings: settings, tls: tls), revocations: revocations,
            secrets: secrets,
            tls: tls, logger: logger)
        let (listen, node) = (settings.listen, settings.node)
        let connections = ConnectionLimits()
        return Application(
            router: routes.router(),
            server: .mutualTLS(tls, connections: connections) { peer, limit in
                HTTPRefusal.tooManyConnections(of: peer, limit: limit, node: node)
            },
            configuration: .init(
                address: .hostname(listen.host, port: listen.port),
                availableConnectionsDelegate: AcceptedConnections(connections)),
            onServerRunning: { channel in
                let port = channel.localAddress?.port ?? listen.port
                await onReady(AgentSettings.ListenAddress(host: listen.host, port: port))
            },
            logger: serverLogger)
    }

    /// For what Hummingbird, TLS and the service group tell: at `info` that is ours to tell. Most of it is brought about by
    /// whoever connects, named or not, and is limited as such.
    private var serverLogger: Logger {
        var logger = logger.with(["peer": "unknown"])
        if logger.logLevel == .info { logger.logLevel = .notice }
        return logger
    }
}

/// The certificate watch as a service: ends when the others have.
private struct CertificateWatch: Service {
    let reloader: TLSReloader

    func run() async throws {
        await cancelWhenGracefulShutdown { await reloader.run() }
    }
}
