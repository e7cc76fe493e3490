// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import AmandaFormat
import Catalog
import Certificates
import ChildProcess
import Files
import FoundationEssentials
import HTTPTransport
import S3
import TLS

/// What the node says of itself, and, asked for them, of the store and of its configurations.
struct StatusReport: Sendable {
    private let settings: AgentSettings
    private let tls: TLSServerContext
    private let table: JobTable
    private let storage: NodeStorage

    init(settings: AgentSettings, tls: TLSServerContext, table: JobTable, transport: HTTPTransport) {
        self.settings = settings
        self.tls = tls
        self.table = table
        storage = NodeStorage(settings: settings, transport: transport)
    }

    /// Never fails: what cannot be found out is an error inside the answer.
    func status(answering question: StatusQuestion?) async -> NodeStatus {
        async let tar = tarVersion()
        async let store = look(at: question)
        let configurations = await configurations(question)
        let (offset, storageError) = await store
        return NodeStatus(
            node: settings.node, cluster: settings.cluster, version: AmfleetVersion.current, time: Date(),
            certificateExpiresAt: Date(timeIntervalSince1970: Double(tls.certificateFacts.notAfter)),
            isRoot: UserAccount.effectiveUserID == 0, tarVersion: await tar,
            storageClockOffsetSeconds: offset, storageError: storageError, configurations: configurations,
            runningJob: await table.runningJob, lastJob: await table.lastJob)
    }

    /// Lists what lies under the node's own place: the least that its credentials must allow.
    private func look(at question: StatusQuestion?) async -> (offsetSeconds: Double?, error: WireError?) {
        guard let question else { return (nil, nil) }
        do {
            let client = try storage.preflightClient(
                question.storage, deviceProperties: deviceProperties(question))
            let place = BucketLayout(question.storage).volumes(
                node: settings.node, configuration: question.configurations.first?.name ?? "")
            do {
                _ = try await client.list(prefix: place, limit: 1)
            } catch {
                return (
                    client.clockOffset.map { -$0.inSeconds }, WireError(cause: error, node: settings.node)
                )
            }
            return (client.clockOffset.map { -$0.inSeconds }, nil)
        } catch {
            return (nil, WireError(cause: error, node: settings.node))
        }
    }

    private func deviceProperties(_ question: StatusQuestion) -> S3Credentials? {
        question.configurations.lazy.compactMap { choice in
            let loaded = try? ConfigurationDirectory(root: settings.amandaDirectory, name: choice.name).load()
            return (try? loaded?.configuration.changer()).flatMap { S3Credentials(deviceProperties: $0) }
        }.first
    }

    private func configurations(_ question: StatusQuestion?) async -> [ConfigurationStatus] {
        guard let question else { return [] }
        let check = ConfigurationCheck(settings: settings, storage: question.storage)
        do {
            return try await check.statuses(of: question.configurations)
        } catch {
            let error = WireError(cause: error, node: settings.node)
            return question.configurations.map { .init(name: $0.name, role: $0.role, error: error) }
        }
    }

    /// First line of `tar --version`.
    private func tarVersion() async -> String? {
        let command = ChildCommand("/usr/bin/tar", ["--version"])
        guard let result = try? await ChildProcess.run(command, limit: .seconds(10)) else { return nil }
        return String(decoding: result.output.prefix { $0 != UInt8(ascii: "\n") }, as: UTF8.self)
    }
}
