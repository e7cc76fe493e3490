// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import AmandaFormat
import BlockingWork
import Certificates
import ChildProcess
import Faults
import Files
import FoundationEssentials
import HTTPTransport
import S3
import TLS

/// What the node says of itself, and, asked for them, of the store and of its configurations.
struct StatusAnswer: Sendable {
    /// How long the volumes of a configuration may be looked at.
    private static let volumesLimit: Duration = .seconds(20)

    private let settings: AgentSettings
    private let tls: TLSServerContext
    private let table: JobTable
    private let storage: NodeStorage

    init(settings: AgentSettings, tls: TLSServerContext, table: JobTable, storage: NodeStorage) {
        self.settings = settings
        self.tls = tls
        self.table = table
        self.storage = storage
    }

    /// Never fails: what cannot be found out is an error inside the answer.
    func status(answering question: StatusQuestion?) async -> NodeStatus {
        async let tar = Self.tarVersion()
        let checked = await checked(question)
        async let store = look(at: question, (try? checked.get()) ?? [])
        async let unknown = unknownVolumes(question, (try? checked.get()) ?? [])
        var configurations = await configurations(question, checked)
        let findings = await unknown
        for index in configurations.indices {
            findings[configurations[index].name].map { configurations[index].tell($0.found, at: $0.endpoint) }
        }
        let (offset, storageError) = await store
        var (tarVersion, tarError): (String?, WireError?)
        do { tarVersion = try await tar } catch {
            tarError = WireError(cause: error, node: settings.node)
        }
        var status = NodeStatus(
            node: settings.node, cluster: settings.cluster, version: AmfleetVersion.current, time: Date(),
            certificateExpiresAt: Date(timeIntervalSince1970: Double(tls.certificateFacts.notAfter)),
            isRoot: UserAccount.effectiveUserID == 0, tarVersion: tarVersion,
            storageClockOffsetSeconds: offset, storageError: storageError, configurations: configurations,
            runningJob: await table.runningJob, lastJob: await table.lastJob)
        status.identity = NodeIdentity(tls)
        let exposed = try? await runBlocking("exposure") { [settings] in
            ExposedFiles.find(settings, (try? checked.get()) ?? [])
        }
        status.exposedFiles = exposed?.isEmpty == false ? exposed : nil
        status.revocations = RevocationNumbers(tls.revoked.numbers)
        if question != nil, let checked = try? checked.get() {
            status.secrets = try? await runBlocking("secrets") { [settings] in NodeSecrets(checked, settings)
            }
        }
        status.tarError = tarError
        if question != nil {
            status.stateError = await StateLook.fault(in: settings.stateDirectory, node: settings.node)
        }
        return status
    }

    /// Lists what lies under the node's own place: the least that its credentials must allow.
    private func look(
        at question: StatusQuestion?, _ configurations: [CheckedConfiguration]
    ) async -> (offsetSeconds: Double?, error: WireError?) {
        guard let question else { return (nil, nil) }
        do {
            let credentials = configurations.lazy.compactMap { configuration in
                configuration.changer.flatMap { S3Credentials(deviceProperties: $0) }
            }.first
            let client = try storage.preflightClient(question.storage, deviceProperties: credentials)
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

    /// What volumes bear that the catalogs do not know, by configuration, and where their store is; nil: AWS. A store that does not
    /// answer is told of elsewhere; a job that runs labels volumes meanwhile.
    private func unknownVolumes(
        _ question: StatusQuestion?, _ configurations: [CheckedConfiguration]
    ) async -> [String: (found: [CatalogCatchUp.Finding], endpoint: String?)] {
        guard let question, await table.runningJob == nil else { return [:] }
        let clients = BucketClients(storage, at: question.storage, stores: configurations.stores)
        var found: [String: (found: [CatalogCatchUp.Finding], endpoint: String?)] = [:]
        for checked in configurations {
            // A changer that leads to another node's volumes asks nobody to free them.
            guard checked.faults.isEmpty, let prepared = try? checked.resolved.get(),
                let run = CatalogCatchUp.nextRun()
            else {
                continue
            }
            let name = checked.choice.name
            let taking = VolumeTaking(node: settings.node, prepared: prepared, run: run) {
                try clients.client(of: $0, of: name)
            }
            guard let main = try? clients.main, await Self.answer(prepared.changer.directories) else {
                continue
            }
            let records = NodeRecordStore(client: main, layout: BucketLayout(question.storage))
            let catchUp = CatalogCatchUp(taking: taking, records: records)
            let look = try? await withTimeLimit(Self.volumesLimit) { try await catchUp.look() }
            let record = prepared.store.record
            let endpoint = record.map(\.endpoint) ?? question.storage.endpoint
            found[name] = look.map { ($0.findings, endpoint) }
        }
        return found
    }

    /// Whether directories can be looked at without waiting for ever.
    private static func answer(_ directories: [String]) async -> Bool {
        let looks = try? await runBlocking("volume-look") {
            PatientLook.all(directories, what: "volume-look", limit: DiskLook.limit) {
                FileSystem.isDirectory($0)
            }
        }
        return looks?.count == Set(directories).count
    }

    private func checked(_ question: StatusQuestion?) async -> Result<[CheckedConfiguration], any Error> {
        guard let question else { return .success([]) }
        do {
            return .success(
                try await CheckedConfiguration.all(question.configurations, settings, question.storage))
        } catch {
            return .failure(error)
        }
    }

    private func configurations(
        _ question: StatusQuestion?, _ checked: Result<[CheckedConfiguration], any Error>
    ) async -> [ConfigurationStatus] {
        do {
            return try await ConfigurationStatus.all(of: checked.get(), settings)
        } catch {
            let faults = WireError.all(cause: error, node: settings.node)
            return (question?.configurations ?? []).map {
                ConfigurationStatus(name: $0.name, role: $0.role).with(faults)
            }
        }
    }

    /// First line of `tar --version`; nil where there is none.
    ///
    /// - Throws: why one that is there could not be run.
    private static func tarVersion() async throws -> String? {
        let path = "/usr/bin/tar"
        do {
            let result = try await ChildProcess.run(ChildCommand(path, ["--version"]), limit: .seconds(10))
            return String(decoding: result.output.prefix { $0 != UInt8(ascii: "\n") }, as: UTF8.self)
        } catch {
            guard try await runBlocking("tar-look", { try FileSystem.isPresent(path) }) else { return nil }
            throw error
        }
    }
}

extension ConfigurationStatus {
    /// What the next backup mends is a remark; what stays needs somebody.
    fileprivate mutating func tell(_ findings: [CatalogCatchUp.Finding], at endpoint: String?) {
        let left = findings.filter(\.isLeftAlone).map {
            Remark($0.text(isDone: false), hint: $0.volume.wayOut(of: name, at: endpoint))
        }
        if !left.isEmpty { unknownVolumes = left }
        allRemarks += findings.filter { !$0.isLeftAlone }.map { Remark($0.text(isDone: false)) }
    }
}

extension ChangerDefinition {
    /// That its volumes lie in; empty for those in a bucket.
    fileprivate var directories: [String] {
        if case .disk(let disk) = kind { return [disk.directory] }
        return devices.compactMap(\.directoryPath?.path)
    }
}
