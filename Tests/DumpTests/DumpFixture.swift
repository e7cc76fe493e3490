// SPDX-License-Identifier: Apache-2.0

import AmandaFormat
import Files
import Foundation
import HTTPTransport
import S3
import Secret
import TestSupport
import Testing

@testable import Dump

/// A bucket on a real S3 server, a tree to dump, and the engines between them.
struct DumpFixture {
    let client: S3Client
    let directory: TemporaryDirectory
    let journal: UploadJournal
    let bucket: String
    let server: LocalS3Server
    let keys = ObjectKeys(slotPrefix: "demo/node01/vertica/slot-01")

    /// `endpoint`: of a proxy before the server; nil: the server itself.
    init(server: LocalS3Server, endpoint: String? = nil, outage: Duration = .seconds(40)) async throws {
        self.server = server
        bucket = try await server.makeBucket()
        directory = try TemporaryDirectory("amfleet-dump-test")
        journal = try UploadJournal(path: directory.path("uploads"))
        client = try Self.client(server, endpoint ?? server.endpoint, bucket, outage)
        try FileSystem.makeDirectories(source)
        try FileSystem.makeDirectories(directory.path("snapshots"))
    }

    static func client(
        _ server: LocalS3Server, _ endpoint: String, _ bucket: String, _ outage: Duration
    ) throws -> S3Client {
        let transport = try HTTPTransport()
        let credentials = S3Credentials(
            accessKeyID: server.accessKey, secretAccessKey: Secret(server.secretKey), origin: "test")
        return try S3Client(
            location: S3Location(bucket: bucket, region: server.region, endpoint: endpoint),
            credentials: CredentialChain(
                credentialsFile: nil, deviceProperties: credentials, transport: transport, environment: [:]),
            transport: transport, retry: RetryPolicy(storageOutage: outage))
    }

    var source: String { directory.path("source") }
    var target: String { directory.path("target") }
    var snapshots: String { directory.path("snapshots") }

    func plan(
        _ compression: DLEDescription.Compression? = .clientFast, storage: StoragePlan = StoragePlan(),
        xattrs: Bool = true, volume: (any DumpTarget)? = nil,
        changing change: (inout DLEDescription) -> Void = { _ in }
    ) throws -> DumpPlan {
        var dle = DLEDescription(program: "APPLICATION", disk: source, level: 0, plugin: "amgtar")
        dle.compression = compression
        dle.properties = [
            .init(name: "xattrs", values: [xattrs ? "YES" : "NO"]),
            .init(name: "gnutar-listdir", values: [snapshots]),
        ]
        change(&dle)
        return DumpPlan(
            host: "localhost", datestamp: try #require(Datestamp("20261123030600")), dle: dle,
            target: try volume ?? self.volume(storage), indexPath: directory.path("index"))
    }

    func volume(_ layout: StoragePlan = StoragePlan(), firstFile: UInt32 = 1) throws -> BucketVolume {
        try BucketVolume(
            label: "vertica-01", client: client, journal: journal, keys: keys, firstFileNumber: firstFile,
            layout: layout)
    }

    func dump(_ plan: DumpPlan) async throws -> DumpOutcome {
        try await DumpEngine().dump(plan)
    }

    /// Reads the one slot.
    var reader: BucketReader { BucketReader(client: client, keys: keys) }

    /// The restore that the first part's header asks for, with every part of the outcome.
    ///
    /// - Parameter volumes: by label, where there are several.
    func restorePlan(
        _ outcome: DumpOutcome, volumes: [String: any VolumeReader] = [:]
    ) async throws -> RestorePlan {
        let parts = outcome.parts.map { part in
            RestorePlan.Part(
                volume: volumes[part.label] ?? reader, fileNumber: UInt32(part.fileNumber),
                byteCount: part.byteCount)
        }
        let first = try #require(parts.first)
        return try RestorePlan(
            header: try await first.volume.header(ofFile: first.fileNumber), parts: parts, target: target,
            recoveryThreadCount: 3)
    }

    /// On the level below.
    func increment(_ level: Int, _ volume: BucketVolume) throws -> DumpPlan {
        var plan = try plan(volume: volume) { $0.level = level }
        plan.base = .level(level - 1)
        return plan
    }

    /// A dump of a level that counts: the next one may build on it.
    func dumpLevel(_ level: Int, firstFile: UInt32) async throws -> DumpOutcome {
        let volume = try volume(firstFile: firstFile)
        let outcome = try await dump(level == 0 ? plan(volume: volume) : increment(level, volume))
        try #require(outcome.isUsable, "\(outcome.status)")
        try outcome.snapshot?.keep()
        return outcome
    }

    /// Restores dumps of ascending levels into the target, one onto the other.
    func restoreChain(_ outcomes: [DumpOutcome]) async throws {
        for outcome in outcomes {
            var plan = try await restorePlan(outcome)
            plan.deletes = outcome.header.level > 0
            _ = try await RestoreEngine().restore(plan)
        }
    }

    func restore(_ outcome: DumpOutcome) async throws -> RestoreOutcome {
        try await RestoreEngine().restore(try await restorePlan(outcome))
    }

    /// All bytes of the dump as they lie in the bucket.
    func stored(_ outcome: DumpOutcome) async throws -> [UInt8] {
        var bytes: [UInt8] = []
        for part in outcome.parts {
            for number in 0..<(part.blockCount ?? 1) {
                let key = part.dataKey ?? keys.block(file: UInt32(part.fileNumber), number: UInt64(number))
                bytes += try await client.get(key, limit: 64 << 20).bytes
            }
        }
        return bytes
    }

    /// Keys below the slot.
    func listedKeys() async throws -> [String] {
        try await client.list(prefix: keys.slotPrefix).objects.map(\.key)
    }
}

/// Runs a shell script; its output. Fails the test when the script fails.
@discardableResult
func shell(_ script: String, in directory: String) throws -> String {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/bin/bash")
    process.arguments = ["-euo", "pipefail", "-c", script]
    process.currentDirectoryURL = URL(fileURLWithPath: directory)
    let pipe = Pipe()
    process.standardOutput = pipe
    process.standardError = pipe
    try process.run()
    let output = pipe.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    let text = String(decoding: output, as: UTF8.self)
    try #require(process.terminationStatus == 0, "\(script)\n\(text)")
    return text
}

/// One line for everything below `directory`: type, mode, owner, links, times, target, xattrs, contents' digest.
func manifest(of directory: String, withXattrs: Bool) throws -> String {
    let script = """
        export LC_ALL=C
        find . -printf '%y %m %U:%G %n %s %l ' -a \\( -type d -printf '0 %p\\0' -o -printf '%TY%Tm%Td%TH%TM%.2TS %p\\0' \\) \
            | sed -z 's/^\\(d [0-9]* [0-9:]* [0-9]* \\)[0-9]* /\\1/' | sort -z | tr '\\n' '?' | tr '\\0' '\\n'
        find . -type f -print0 | sort -z | xargs -0 sha256sum -z -- | tr '\\n' '?' | tr '\\0' '\\n'
        \(withXattrs ? "find . -type f -print0 | sort -z | xargs -0 getfattr -h -m - -d -e hex -- 2>/dev/null" : "true")
        """
    return try shell(script, in: directory)
}

extension DumpOutcome {
    /// The names of its index, in tar's order.
    var indexedNames: [String] {
        get throws {
            let text = String(decoding: try FileSystem.readAll(try #require(indexPath)), as: UTF8.self)
            return try text.split(separator: "\n").map { line in
                let words = line.split(separator: " ", maxSplits: 1)
                _ = try #require(Int64(words[0]))
                return String(try #require(words.dropFirst().first))
            }
        }
    }
}
