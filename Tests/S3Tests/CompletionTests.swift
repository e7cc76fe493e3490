// SPDX-License-Identifier: Apache-2.0

import Digest
import HTTPTransport
import Testing
import XML

@testable import S3

/// The judgement of a multipart upload, without a store.
@Suite struct CompletionTests {
    private let upload = S3Upload(bucket: "b", key: "k", id: "u")
    private let call = S3Call(action: "CompleteMultipartUpload", endpoint: "https://h", bucket: "b", key: "k")
    private let pieces: [[UInt8]] = [Array("first piece".utf8), [], Array("the second".utf8), [7]]

    private var parts: [S3Part] {
        pieces.enumerated().map { index, bytes in
            var checksum = CRC32C()
            checksum.update(bytes)
            return S3Part(
                number: index + 1, etag: "e\(index)", byteCount: bytes.count, crc32c: checksum.value,
                isChecksummedByStore: true)
        }
    }

    private var whole: CRC32C {
        var checksum = CRC32C()
        checksum.update(pieces.flatMap(\.self))
        return checksum
    }

    private func info(
        byteCount: Int64 = 22, etag: String = "e-4", crc32c: UInt32? = nil, age: Int64 = 0
    ) -> S3ObjectInfo {
        S3ObjectInfo(byteCount: byteCount, etag: etag, crc32c: crc32c, lastModified: 1000, date: 1000 + age)
    }

    @Test func `combines the parts' checksums into that of the whole, in whatever order they are given`()
        throws
    {
        let completion = Completion(upload: upload, parts: parts.reversed())
        let proof = try completion.proof(info(crc32c: whole.value), etag: "e-4", since: .now, call: call)
        #expect(proof.crc32c == whole.value)
        #expect(proof.byteCount == 22)
        #expect(proof.strength == .fullObjectChecksum)
    }

    @Test func `combining agrees with one pass at every length`() {
        let bytes = (0..<300).map { UInt8(truncatingIfNeeded: $0 &* 7) }
        var all = CRC32C()
        all.update(bytes)
        for split in 0...bytes.count {
            var (first, second) = (CRC32C(), CRC32C())
            first.update(Array(bytes[..<split]))
            second.update(Array(bytes[split...]))
            let combined = CRC32C.combined(
                first.value, second.value, secondByteCount: Int64(bytes.count - split))
            #expect(combined == all.value)
        }
    }

    @Test func `without a checksum of the store the proof is length only`() throws {
        let proof = try Completion(upload: upload, parts: parts).proof(
            info(), etag: "", since: .now, call: call)
        #expect(proof.strength == .lengthOnly)
    }

    @Test func `an absent object, another length, checksum or tag is no proof`() {
        let completion = Completion(upload: upload, parts: parts)
        let wrong: [(S3ObjectInfo?, String)] = [
            (nil, "there is no such object"), (info(byteCount: 21), "21 bytes instead of 22"),
            (info(crc32c: 1), "its CRC-32C is AAAAAQ== instead of"),
            (info(etag: "old", age: 60), "entity tag old"),
        ]
        for (info, text) in wrong {
            do {
                _ = try completion.proof(info, etag: "e-4", since: .now, call: call)
                Issue.record("proved")
            } catch {
                #expect("\(error)".contains(text), "\(error)")
            }
        }
    }

    @Test func `after a lost answer an older object of the same length is no proof`() {
        let completion = Completion(upload: upload, parts: parts)
        let begun = ContinuousClock.now
        #expect(completion.proof(info(age: 3600), since: begun) == nil)
        #expect(completion.proof(info(age: 0), since: begun) != nil)
        #expect(completion.proof(info(crc32c: whole.value, age: 3600), since: begun) != nil)
        #expect(completion.proof(info(crc32c: 1, age: 0), since: begun) == nil)
    }

    @Test func `the request names every part in order`() {
        let request = Completion(upload: upload, parts: parts.reversed()).request(stall: .seconds(1))
        guard case .bytes(let bytes) = request.body else {
            Issue.record("no body")
            return
        }
        let text = String(decoding: bytes, as: UTF8.self)
        #expect(text.contains("<Part><PartNumber>1</PartNumber><ETag>&quot;e0&quot;</ETag><ChecksumCRC32C>"))
        #expect(
            (try? XMLElement(parsing: bytes))?.all("Part").compactMap { $0["PartNumber"] } == [
                "1", "2", "3", "4",
            ])
        #expect(request.isSentOnce)
    }
}
