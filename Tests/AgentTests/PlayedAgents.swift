// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import BlockingWork
import Certificates
import Files
import Foundation
import HTTPTransport
import Logging
import TLS
import Testing

@testable import Agent

private let playedDirectory = ProcessInfo.processInfo.environment["AMFLEET_PLAYED"]

/// Many agents in one program, for `ci/bench coordinator`: each with its own certificate, port, job table and state, and the real
/// server before them; only what they do is nothing.
///
/// `AMFLEET_PLAYED` names a directory: of every `nodes/NAME/agent.json` below it an agent is played, and `ready` is written when
/// all of them listen. They go on until the program is ended.
@Suite(.enabled(if: playedDirectory != nil))
struct PlayedAgents {
    @Test func play() async throws {
        let directory = try #require(playedDirectory)
        let transport = try HTTPTransport()
        var logger = Logger(label: "played")
        logger.logLevel = .error
        let servers = try await runBlocking("played") { [logger] in
            try Self.settings(directory).map { settings in
                try AgentServer(
                    settings: settings, transport: transport,
                    work: PlayedWork(
                        storage: NodeStorage(settings: settings, transport: transport),
                        node: settings.node),
                    logger: logger
                ) { table, tls in Self.status(settings, table, tls) }
            }
        }
        let (addresses, ready) = AsyncStream<Void>.makeStream()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for server in servers {
                group.addTask { try await server.run(endingOnSignals: false) { _ in ready.yield() } }
            }
            group.addTask {
                var count = 0
                for await _ in addresses {
                    count += 1
                    guard count == servers.count else { continue }
                    try await runBlocking("ready") {
                        try FileSystem.writeAtomically("\(directory)/ready", Array("ready\n".utf8))
                    }
                }
            }
            try await group.waitForAll()
        }
    }

    private static func settings(_ directory: String) throws -> [AgentSettings] {
        try FileSystem.list("\(directory)/nodes").sorted().map { node in
            let folder = "\(directory)/nodes/\(node)"
            var settings = try AgentSettings(
                parsing: FileSystem.readAll("\(folder)/agent.json"), file: "\(folder)/agent.json",
                directory: folder)
            settings.amandaDirectory = "\(directory)/state/\(node)/amanda"
            settings.stateDirectory = "\(directory)/state/\(node)"
            return settings
        }
    }

    private static func status(
        _ settings: AgentSettings, _ table: JobTable, _ tls: TLSServerContext
    ) -> @Sendable (StatusQuestion?) async -> NodeStatus {
        { question in
            var status = NodeStatus(
                node: settings.node, cluster: settings.cluster, version: AmfleetVersion.current, time: Date(),
                certificateExpiresAt: Date(timeIntervalSince1970: Double(tls.certificateFacts.notAfter)),
                isRoot: true, tarVersion: "tar (GNU tar) 1.35", storageClockOffsetSeconds: 0,
                configurations: (question?.configurations ?? []).map {
                    ConfigurationStatus(name: $0.name, role: $0.role)
                }, runningJob: await table.runningJob, lastJob: await table.lastJob)
            status.identity = NodeIdentity(tls)
            return status
        }
    }
}

/// A node that has one disk, and nothing to do about it.
struct PlayedWork: JobWork {
    let storage: NodeStorage
    let node: String

    func check(_ request: JobRequest) async throws -> CheckedJob { CheckedJob(request: request) }

    func run(_ job: CheckedJob, reporter: JobReporter) async throws -> JobResult {
        let request = job.request
        switch request.order {
        case .backup(let order):
            let record = record(of: request, order)
            if !order.dryRun {
                let client = try storage.client(request.storage, outage: .seconds(60))
                try await NodeRecordStore(client: client, layout: BucketLayout(request.storage)).write(record)
            }
            return JobResult(record: record)
        case .restore(let order):
            return JobResult(restore: RestoreReport(sourceNode: order.sourceNode, run: request.run))
        case .restorePlan, .flush, .accept:
            return JobResult()
        }
    }

    func cleanUp(after request: JobRequest) async throws {}

    private func record(of request: JobRequest, _ order: BackupOrder) -> NodeRecord {
        NodeRecord(
            cluster: request.cluster, node: node, run: request.run, attempt: request.attempt,
            fence: request.fence, version: AmfleetVersion.current, startedAt: Date(), finishedAt: Date(),
            configurations: order.configurations.map { choice in
                ConfigurationRecord(
                    name: choice.name, role: choice.role,
                    dumps: [
                        DumpRecord(
                            host: "localhost", disk: "/data", device: "/data", level: 0,
                            status: order.dryRun ? .planned : .skipped, compression: .none)
                    ])
            })
    }
}
