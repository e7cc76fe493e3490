// SPDX-License-Identifier: Apache-2.0

import AmandaFormat
import BlockingWork
import Catalog
import Dump
import Files
import Foundation
import HTTPTransport
import S3
import Secret
import TestSupport
import Testing

/// A configuration with a holding disk and volumes on a real S3 server, stock Amanda's programs on it as `backup` in a
/// sandbox, and what ours need to share it.
final class StockHolding: Sendable {
    static let isUsable =
        AmandaSandbox.isUsable && RequiredTools.areUsable("amadmin", "amflush", "amdump", "gcc", "weed")

    let work: TemporaryDirectory
    let loaded: LoadedConfiguration
    let client: S3Client
    let journal: UploadJournal
    let name = "amfleet"
    private let sandbox: AmandaSandbox
    private let bucket: String
    private let shim: String

    init(server: LocalS3Server) async throws {
        work = try TemporaryDirectory("amfleet-stock-holding")
        bucket = try await server.makeBucket()
        let owner = try #require(UserAccount(named: "backup")).owner
        chmod(work.path, 0o755)
        for directory in ["holding", "lists"] {
            try FileSystem.makeDirectories(work.path(directory), mode: 0o770, owner: owner)
        }
        sandbox = try AmandaSandbox(work.path("sandbox"))
        let directory = ConfigurationDirectory(root: sandbox.configurations, name: name)
        try FileSystem.makeDirectories(directory.path, mode: 0o770, owner: owner)
        for place in ["logs", "index", "curinfo"] {
            try FileSystem.makeDirectories("\(directory.path)/\(place)", mode: 0o770, owner: owner)
        }
        let text = Self.text(name, work.path, bucket, server)
        try FileSystem.writeAtomically(directory.path + "/amanda.conf", Array(text.utf8), owner: owner)
        try FileSystem.writeAtomically(
            directory.path + "/disklist", Array("localhost \(work.path("data")) normal\n".utf8), owner: owner)
        try FileSystem.writeAtomically(directory.path + "/tapelist", [], owner: owner)
        loaded = try directory.load()
        let transport = try HTTPTransport()
        let credentials = S3Credentials(
            accessKeyID: server.accessKey, secretAccessKey: Secret(server.secretKey), origin: "test")
        client = try S3Client(
            location: S3Location(bucket: bucket, region: server.region, endpoint: server.endpoint),
            credentials: CredentialChain(
                credentialsFile: nil, deviceProperties: credentials, transport: transport, environment: [:]),
            transport: transport, retry: RetryPolicy(storageOutage: .seconds(30)))
        journal = try UploadJournal(path: work.path("uploads"))
        shim = work.path("shim.so")
        try FileSystem.writeAtomically(work.path("shim.c"), Array(CurlShim.source.utf8))
        try run("/usr/bin/env", ["gcc", "-shared", "-fPIC", "-o", shim, work.path("shim.c"), "-ldl"])
        chmod(shim, 0o755)
        try makeData()
    }

    var data: String { work.path("data") }
    var disks: HoldingDisks { HoldingDisks(loaded.configuration.holdingDisks) }
    var keys: ObjectKeys { ObjectKeys(slotPrefix: "path/slot-01") }

    /// Runs one of Amanda's programs, with the shim that lets it send a PUT; its output.
    @discardableResult
    func amanda(_ program: String, _ arguments: [String], output: String? = nil) throws -> String {
        let words = try sandbox.command(
            ["/usr/bin/env", "LD_PRELOAD=\(shim)", RequiredTools.path(program)] + arguments)
        return try run(words[0], Array(words.dropFirst()), output: output)
    }

    /// What Amanda means to flush: lines of `command_file`.
    func flushCommands() throws -> [Substring] {
        let path = loaded.location.commandFile
        guard FileSystem.exists(path) else { return [] }
        return String(decoding: try FileSystem.readAll(path), as: UTF8.self).split(separator: "\n")
            .filter { $0.contains(" FLUSH ") }
    }

    /// `amfetchdump -p`: the files in what it fetches, by tar's listing.
    func fetched(_ datestamp: Datestamp) throws -> [String] {
        let archive = work.path("fetched")
        try amanda(
            "amfetchdump", ["-p", name, "localhost", "^\(data)$", datestamp.description], output: archive)
        return try run("/usr/bin/tar", ["-tf", archive]).split(separator: "\n").map(String.init)
    }

    private func makeData() throws {
        try FileSystem.makeDirectories(data)
        var generator = SystemRandomNumberGenerator()
        let bytes = (0..<(40 << 10)).map { _ in UInt64.random(in: 0...UInt64.max, using: &generator) }
        try FileSystem.writeAtomically(
            data + "/random", bytes.flatMap { withUnsafeBytes(of: $0) { Array($0) } }, mode: 0o644)
        try FileSystem.writeAtomically(data + "/small", Array("small\n".utf8), mode: 0o644)
    }

    @discardableResult
    private func run(_ program: String, _ arguments: [String], output: String? = nil) throws -> String {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: program)
        process.arguments = arguments
        process.currentDirectoryURL = URL(fileURLWithPath: "/")
        process.standardInput = FileHandle.nullDevice
        let text = work.path("output-\(UUID().uuidString.prefix(8))")
        let outputPath = output ?? text
        _ = FileManager.default.createFile(atPath: outputPath, contents: nil)
        _ = FileManager.default.createFile(atPath: text, contents: nil)
        let handle = try #require(FileHandle(forWritingAtPath: outputPath))
        process.standardOutput = handle
        process.standardError = output == nil ? handle : try #require(FileHandle(forWritingAtPath: text))
        try process.run()
        process.waitUntilExit()
        let said = String(decoding: try FileSystem.readAll(text), as: UTF8.self)
        try #require(process.terminationStatus == 0, "\(program) \(arguments)\n\(said)")
        return said
    }

    private static func text(
        _ name: String, _ work: String, _ bucket: String, _ server: LocalS3Server
    ) -> String {
        """
        org "\(name)"
        dumpuser "backup"
        tapecycle 3
        dumpcycle 0 days
        reserve 0
        autoflush no
        tapedev "my_s3"
        tapetype S3
        labelstr "^\(name)-[0-9][0-9]*$"
        autolabel "\(name)-%%%%" empty
        infofile "curinfo"
        logdir "logs"
        indexdir "index"
        tapelist "tapelist"
        holdingdisk hd1 {
          directory "\(work)/holding"
          use -1 Mb
          chunksize 128 Kb
        }
        define changer my_s3 {
          tpchanger "chg-multi:s3:\(bucket)/path/slot-{01..03}"
          device-property "S3_HOST" "127.0.0.1:\(server.port)"
          device-property "S3_SSL" "NO"
          device-property "S3_SUBDOMAIN" "NO"
          device-property "STORAGE_API" "S3"
          device-property "S3_ACCESS_KEY" "\(server.accessKey)"
          device-property "S3_SECRET_KEY" "\(server.secretKey)"
          device-property "S3_MULTI_PART_UPLOAD" "YES"
          changerfile "s3-statefile"
        }
        define application-tool app_amgtar {
          plugin "amgtar"
          property "GNUTAR-LISTDIR" "\(work)/lists"
        }
        define dumptype normal {
          program "APPLICATION"
          application "app_amgtar"
          auth "local"
          compress client fast
          index yes
          holdingdisk auto
        }
        define tapetype S3 {
          length 500 gigabytes
          part_size 50 gigabytes
          blocksize 10 megabytes
        }

        """
    }
}
