// SPDX-License-Identifier: Apache-2.0

import AmandaFormat
import HTTPTransport
import S3
import Secret
import TestSupport
import Testing
import Volumes

@Suite(.enabled(if: RequiredTools.areUsable("weed")), .timeLimit(.minutes(2)))
struct VolumeProofTests {
    private struct Keys: CredentialSource {
        let fixed: S3Credentials
        func credentials() async throws -> S3Credentials { fixed }
    }

    private let proxy: FaultyProxy
    private let client: S3Client
    private let keys = ObjectKeys(slotPrefix: "demo/slot-1")
    private let proof: VolumeProof

    init() async throws {
        let server = try await LocalS3Server.shared()
        proxy = try FaultyProxy(to: server.port)
        client = S3Client(
            location: try S3Location(bucket: try await server.makeBucket(), endpoint: proxy.endpoint),
            credentials: Keys(
                fixed: S3Credentials(
                    accessKeyID: server.accessKey, secretAccessKey: Secret(server.secretKey),
                    origin: "the test")),
            transport: try HTTPTransport())
        proof = VolumeProof(client: client, keys: keys)
    }

    @Test func `finds files in one object and in blocks, and asks for each object once`() async throws {
        for number in UInt32(1)...40 {
            _ = try await client.put(keys.header(file: number), [1])
            _ = try await client.put(keys.data(file: number), [UInt8](repeating: 2, count: Int(number)))
        }
        _ = try await client.put(keys.header(file: 41), [1])
        for block in UInt64(0)...2 { _ = try await client.put(keys.block(file: 41, number: block), [1, 2]) }
        let before = proxy.counts("HEAD").count

        let found = try await proof.files(Array(1...42))

        #expect(found[..<40].map(\.stored.byteCount) == (1...40).map(Int64.init))
        #expect(found[40].stored.fault(expecting: 6) == nil)
        #expect(found[41].stored.fault(expecting: nil) == .missing(key: keys.header(file: 42)))
        #expect(found[39].objects.map(\.key) == [keys.header(file: 40), keys.data(file: 40)])
        let counts = proxy.counts("HEAD")
        #expect(counts.count - before == 84)
        #expect(counts.values.allSatisfy { $0 == 1 }, "\(counts.filter { $0.value > 1 })")
    }

    @Test func `reads a label, and tells none from one that is no label`() async throws {
        #expect(try await proof.label() == nil)
        let label = VolumeHeader(datestamp: Datestamp("20261123030600"), label: "data-01")
        _ = try await client.put(keys.volumeLabel, label.bytes)
        #expect(try await proof.label() == label)
        _ = try await client.put(keys.volumeLabel, [1, 2, 3])
        await #expect(throws: HeaderError.self) { try await proof.label() }
    }

    /// The lines of the answer's head, and the body; the object itself is a label.
    @Test(
        .long,
        arguments: LongTests.first(
            2,
            of: [
                (["Content-Type: text/html"], "<html>sign in</html>"),
                (["Content-Type: application/octet-stream"], "sign in"),
                (["Content-Type: text/plain", "ETag: \"1\""], "\u{FEFF}\n <!doctype html>"), ([], ""),
            ], in: "VolumeProofTests"))
    func `a page in the label's place is not taken for what the store has`(
        headers: [String], body: String
    ) async throws {
        _ = try await client.put(keys.volumeLabel, VolumeHeader(datestamp: nil, label: "data-01").bytes)
        proxy.inject(
            .answer(status: 200, headers: headers, body: body), method: "GET", target: "special-tapestart",
            times: .max)
        let error = await #expect(throws: (any Error).self) { try await proof.label() }
        #expect(error is UnprovedLabel || error is S3Error, "\(String(describing: error))")
    }
}
