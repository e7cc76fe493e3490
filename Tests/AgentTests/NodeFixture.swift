// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import AmandaFormat
import Catalog
import Files
import FoundationEssentials
import HTTPTransport
import S3
import Synchronization
import TestSupport
import Testing

@testable import Agent

/// A node with scratch Amanda configurations, a tree to save, and a bucket on a real S3 server.
struct NodeFixture: Sendable {
    let state: StateDirectory
    let settings: AgentSettings
    let storage: StorageAddress
    let client: S3Client
    let work: NodeWork

    /// `endpoint`: of a proxy before the server; nil: the server itself.
    init(server: LocalS3Server, endpoint: String? = nil) async throws {
        state = try StateDirectory()
        let bucket = try await server.makeBucket()
        let credentials = "\(state.path)/s3-credentials"
        try FileSystem.writeAtomically(
            credentials,
            Array(
                """
                [default]
                aws_access_key_id = \(server.accessKey)
                aws_secret_access_key = \(server.secretKey)

                """.utf8))
        settings = AgentSettings(
            node: "node01", cluster: "demo", listen: .init(host: "127.0.0.1", port: 0),
            tls: .init(authority: "", certificate: "", privateKey: ""),
            storage: .init(credentialsFile: credentials), amandaDirectory: "\(state.path)/etc/amanda",
            stateDirectory: "\(state.path)/state")
        storage = StorageAddress(
            bucket: bucket, prefix: "demo", region: server.region, endpoint: endpoint ?? server.endpoint)
        let transport = try HTTPTransport()
        client = try NodeStorage(settings: settings, transport: transport).client(
            storage, outage: .seconds(60))
        work = NodeWork(settings: settings, transport: transport, logger: .silent)
        try configure("data", disks: [data])
        try configure("self", disks: ["\(state.path)/etc"])
        try write("etc/amanda/amanda-client.conf", "conf \"data\"\n")
        try write("etc/amanda-security.conf", "# security\n")
        try write("etc/hostname", "node01\n")
    }

    var data: String { "\(state.path)/data" }

    func path(_ entry: String) -> String { "\(state.path)/\(entry)" }

    func write(_ entry: String, _ text: String) throws {
        try FileSystem.makeDirectories(FileSystem.parentDirectory(of: path(entry)), mode: 0o755)
        try FileSystem.writeAtomically(path(entry), Array(text.utf8), mode: 0o644)
    }

    func read(_ entry: String) throws -> String {
        String(decoding: try FileSystem.readAll(path(entry)), as: UTF8.self)
    }

    /// Two slots only, so that the third run reuses the first volume.
    ///
    /// - Parameter changer: another one's lines, instead of `chg-multi:` over S3.
    func configure(
        _ name: String, disks: [String], place: String? = nil, slots: String = "{1..3}", tapecycle: Int = 2,
        dumpcycle: Int = 0, dumptypeLines: [String] = ["record no"], globalLines: [String] = [],
        definitions: [String] = [], properties: [(name: String, value: String)] = [],
        changer: String? = nil, length: String = "10 gigabytes"
    ) throws {
        let directory = "\(settings.amandaDirectory)/\(name)"
        let prefix = place ?? "\(storage.bucket)/demo/node01/\(name)"
        try write(
            "etc/amanda/\(name)/amanda.conf",
            """
            org "\(name)"
            dumpuser "root"
            dumpcycle \(dumpcycle) days
            \(globalLines.joined(separator: "\n"))
            tapecycle \(tapecycle)
            tapetype S3
            tapedev "my_s3"
            labelstr "^\(name)-[0-9][0-9]*$"
            autolabel "\(name)-%%" empty
            infofile "\(directory)/curinfo"
            logdir "\(directory)"
            indexdir "\(directory)/index"
            define changer my_S3 {
              \(changer ?? "tpchanger \"chg-multi:s3:\(prefix)/slot-\(slots)\"\nchangerfile \"s3-statefile\"")
              device-property "S3_MULTI_PART_UPLOAD" "YES"
              device-property "NB_THREADS_BACKUP" "2"
              \(properties.map { "device-property \"\($0.name)\" \"\($0.value)\"" }.joined(separator: "\n"))
            }
            define application-tool app_amgtar {
              plugin "amgtar"
              property "GNUTAR-LISTDIR" "\(state.path)/gnutar-lists"
            }
            \(definitions.joined(separator: "\n"))
            define dumptype all {
              program "APPLICATION"
              application "app_amgtar"
              auth "local"
              compress client fast
              index yes
              \(dumptypeLines.joined(separator: "\n  "))
            }
            define tapetype S3 {
              length \(length)
              part_size 1 gigabytes
              blocksize 5 megabytes
            }

            """)
        try write(
            "etc/amanda/\(name)/disklist", disks.map { "localhost \($0) all\n" }.joined())
    }

    static let both = [
        ConfigurationChoice(name: "data", role: .data), ConfigurationChoice(name: "self", role: .selfBackup),
    ]

    func request(
        _ run: String, attempt: Int = 1, outageSeconds: Int = 60, _ order: JobOrder
    ) throws -> JobRequest {
        JobRequest(
            id: "\(order.kind.rawValue)-\(run)", cluster: "demo", node: "node01",
            run: try #require(RunName(run)), fence: 0, attempt: attempt, coordinator: "test",
            storage: storage, storageOutageSeconds: outageSeconds, order: order)
    }

    /// Accepts a job as the route does, runs it and gives what became of it.
    func run(_ request: JobRequest) async throws -> JobSnapshot {
        try await run(work.check(request))
    }

    /// A configuration as a job finds it.
    func checked(_ choice: ConfigurationChoice) async throws -> CheckedConfiguration {
        try #require(try await CheckedConfiguration.all([choice], settings, storage).first)
    }

    func store() throws -> JobStore { try JobStore(stateDirectory: settings.stateDirectory) }

    /// The jobs of this node as an agent that starts now finds them.
    func table() throws -> JobTable {
        try JobTable(node: "node01", cluster: "demo", store: store(), logger: .silent)
    }

    func runUnchecked(_ request: JobRequest) async throws -> JobSnapshot {
        try await run(CheckedJob(request: request))
    }

    private func run(_ job: CheckedJob) async throws -> JobSnapshot {
        let (table, work) = (try table(), work)
        let box = SnapshotBox()
        try await withRunner(table, work) {
            _ = try await table.accept(job)
            box.set(try await wait(for: job.request.id, in: table, until: .final))
        }
        return try #require(box.value)
    }

    func backUp(
        _ run: String, attempt: Int = 1, outageSeconds: Int = 60, dryRun: Bool = false
    ) async throws -> JobSnapshot {
        try await self.run(
            request(
                run, attempt: attempt, outageSeconds: outageSeconds,
                .backup(BackupOrder(configurations: Self.both, dryRun: dryRun))))
    }

    /// A backup now, whose name goes behind `runs`: a name must fit the clock, or no snapshot could be told to be its own.
    ///
    /// - Returns: the dumps of the first configuration.
    func backUpNow(_ runs: inout [String]) async throws -> [DumpRecord] {
        var name = Datestamp(localTimeOf: Int64(Date().timeIntervalSince1970))
        while let last = runs.last, let tried = name, tried.description <= last { name = tried.nextSecond }
        let run = try #require(name?.description)
        runs.append(run)
        let done = try await backUp(run)
        #expect(done.state == .succeeded, "\(String(describing: done.error))")
        return try #require(done.record).configurations[0].dumps
    }

    /// What `amadmin data force localhost <disk>` leaves in curinfo, for a disk whose path ends in `name`.
    func force(_ name: String) throws {
        let loaded = try ConfigurationDirectory(root: settings.amandaDirectory, name: "data").load()
        let directory = try #require(
            try FileSystem.list("\(loaded.location.infoDirectory)/localhost").first {
                $0.hasSuffix("_\(name)")
            })
        let path = "\(loaded.location.infoDirectory)/localhost/\(directory)/info"
        let text = String(decoding: try FileSystem.readAll(path), as: UTF8.self)
        #expect(text.contains("command: 0\n"))
        try FileSystem.writeAtomically(
            path, Array(text.replacing("command: 0\n", with: "command: 1\n").utf8))
    }

    func restore(
        _ run: String, to directory: String? = nil, overwrite: Bool = false, delete: Bool = false,
        configurations: [ConfigurationChoice] = NodeFixture.both.reversed(), thaw: ThawOrder? = nil,
        ignoresRoom: Bool? = nil
    ) async throws -> JobSnapshot {
        var request = try request(
            run,
            .restore(
                RestoreOrder(
                    sourceNode: "node01", configurations: configurations, directory: directory,
                    overwrite: overwrite, delete: delete, thaw: thaw, ignoresRoom: ignoresRoom)))
        request.id += "-\(UInt32.random(in: 0...UInt32.max))"
        return try await self.run(request)
    }

    func record(_ run: String) async throws -> NodeRecord? {
        try await NodeRecordStore(client: client, layout: BucketLayout(storage)).read(
            #require(RunName(run)), node: "node01")
    }
}

/// One snapshot, handed out of a closure.
private final class SnapshotBox: Sendable {
    private let snapshot = Mutex<JobSnapshot?>(nil)

    var value: JobSnapshot? { snapshot.withLock { $0 } }

    func set(_ newest: JobSnapshot) {
        snapshot.withLock { $0 = newest }
    }
}
