// SPDX-License-Identifier: Apache-2.0

import AmandaFormat
import Dump
import Files
import HTTPTransport
import S3
import Secret
import TestSupport
import Testing

@testable import Agent

/// A file with the last number that there is: whoever may write to a volume ends no agent by it.
@Suite(.timeLimit(.minutes(5)))
struct LastNumberTests {
    @Test(arguments: [UInt32.max, VolumeError.lastNumber])
    func `in a directory`(number: UInt32) throws {
        let directory = try TemporaryDirectory("last-number")
        let header = DumpHeader(
            kind: .split, datestamp: try #require(Datestamp("20261123030600")), host: "localhost",
            disk: "/data",
            part: .init(number: 1), level: 0, program: "GNUTAR")
        let name = directory.path(
            String(
                decoding: DirectoryFileName.dump(number, host: "localhost", disk: "/data", level: 0),
                as: UTF8.self))
        try FileSystem.writeAtomically(name, header.paddedBytes)
        let place = DirectoryDevicePath(path: directory.path, slot: 1, dataDirectory: .never)
        #expect(try DirectoryFiles(place).entries().map(\.number) == [number])
        let configuration = try AmandaConfiguration(
            parsing: Array("tpchanger \"file:\(directory.path)\"\n".utf8), file: "/etc/amanda/x/amanda.conf"
        ) { _ in [] }
        let volume = VolumeDirectory(place, of: try configuration.changer(), owner: nil)
        #expect(throws: VolumeError.noNumberLeft(place: directory.path, last: number)) { try volume.goOn() }
        #expect(FileSystem.exists(name))
    }

    @Test(arguments: [UInt32.max, VolumeError.lastNumber])
    func `in a bucket`(number: UInt32) async throws {
        let keys = ObjectKeys(slotPrefix: "demo/slot-01")
        let entries = [keys.header(file: number), keys.data(file: number), keys.data(file: 1)].map {
            "<Contents><Key>\($0)</Key><Size>9007199254740992</Size></Contents>"
        }
        let server = try AnsweringServer { request in
            guard request.method == "GET" else { return nil }
            return .init(
                200,
                "<ListBucketResult><IsTruncated>false</IsTruncated>\(entries.joined())</ListBucketResult>")
        }
        let transport = try HTTPTransport()
        let client = S3Client(
            location: try S3Location(bucket: "backups", endpoint: server.endpoint),
            credentials: CredentialChain(
                credentialsFile: nil,
                deviceProperties: S3Credentials(
                    accessKeyID: "key", secretAccessKey: Secret("secret"), origin: "the test"),
                transport: transport, environment: [:]),
            transport: transport)
        let error = await #expect(throws: VolumeError.self) {
            try await VolumeObjects(client: client, keys: keys).goOn()
        }
        #expect(
            error?.description.hasPrefix(
                "'s3:backups/\(keys.header(file: number))' has a file with the number \(number)") == true)
        #expect(server.requests.allSatisfy { $0.method == "GET" })
    }
}
