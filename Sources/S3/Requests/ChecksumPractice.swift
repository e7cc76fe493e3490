// SPDX-License-Identifier: Apache-2.0

import BlockingWork
import Digest
import HTTPTransport
import Synchronization

/// Which checksums the store is seen to work with.
///
/// Every upload carries `x-amz-checksum-crc32c`, which AWS, SeaweedFS and MinIO compare and give back. A store that
/// does not give it back ignores it (`rclone serve s3`): there the entity tag must be the body's MD5, and further
/// uploads carry `Content-MD5`, at 1.5 CPU seconds a GB.
final class ChecksumPractice: Sendable {
    private let ignoresCRC32C = Mutex(false)

    /// MD5 is needed as well.
    var needsMD5: Bool { ignoresCRC32C.withLock { $0 } }

    func noteNoCRC32C() {
        ignoresCRC32C.withLock { $0 = true }
    }
}

/// The checksums of a body that is uploaded.
struct UploadChecksum {
    let crc32c: UInt32
    let body: HTTPBody

    init(of body: HTTPBody) {
        var checksum = CRC32C()
        switch body {
        case .empty: break
        case .bytes(let bytes): checksum.update(bytes)
        case .block(let block): checksum.update(block.bytes)
        }
        crc32c = checksum.value
        self.body = body
    }

    /// What the request carries.
    func headers(_ practice: ChecksumPractice) async throws -> [(name: String, value: String)] {
        var headers = [(name: "x-amz-checksum-crc32c", value: crc32c.checksumText)]
        if practice.needsMD5 { headers.append(("content-md5", try await md5.base64)) }
        return headers
    }

    /// Compares what the store says it has with what was sent.
    ///
    /// - Returns: whether the store compared the CRC-32C itself.
    /// - Throws: `AttemptFault.corrupt`.
    func compare(
        _ response: HTTPResponse, _ practice: ChecksumPractice, call: S3Call, part: Int?
    ) async throws -> Bool {
        if let stored = response.header("x-amz-checksum-crc32c") {
            guard stored == crc32c.checksumText else {
                throw AttemptFault.corrupt(
                    .corruptPart(
                        call, part: part, sent: "CRC-32C \(crc32c.checksumText)", stored: "CRC-32C \(stored)")
                )
            }
            return true
        }
        practice.noteNoCRC32C()
        guard let stored = response.plainMD5 else { return false }
        let sent = try await md5.hexadecimal
        guard stored == sent else {
            throw AttemptFault.corrupt(
                .corruptPart(call, part: part, sent: "MD5 \(sent)", stored: "MD5 \(stored)"))
        }
        return false
    }

    private var md5: [UInt8] {
        get async throws {
            try await runBlocking("s3-md5") {
                switch body {
                case .empty: MD5.digest([UInt8]())
                case .bytes(let bytes): MD5.digest(bytes)
                case .block(let block): MD5.digest(block.bytes)
                }
            }
        }
    }
}

extension UInt32 {
    /// A CRC-32C as S3's headers write it: base64 of the four bytes, highest first.
    var checksumText: String {
        [
            UInt8(truncatingIfNeeded: self >> 24), UInt8(truncatingIfNeeded: self >> 16),
            UInt8(truncatingIfNeeded: self >> 8), UInt8(truncatingIfNeeded: self),
        ].base64
    }

    /// Reads `checksumText`; nil for a composite checksum (`…-3`) or anything else.
    init?(checksumText: String) {
        guard let bytes = [UInt8](base64: checksumText), bytes.count == 4 else { return nil }
        self = bytes.reduce(0) { $0 << 8 | UInt32($1) }
    }
}

extension HTTPResponse {
    /// The entity tag without quotes.
    var entityTag: String? { header("etag").map(unquoted) }

    /// The entity tag where it is the MD5 of the body: not so with keys of a key service or the customer's own.
    var plainMD5: String? {
        let encryption = header("x-amz-server-side-encryption")
        guard encryption == nil || encryption == "AES256",
            header("x-amz-server-side-encryption-customer-algorithm") == nil,
            let etag = entityTag?.lowercased(), etag.utf8.count == 32,
            etag.allSatisfy(\.isHexDigit)
        else { return nil }
        return etag
    }

    /// CRC-32C of the whole object, if the answer has one.
    var fullObjectCRC32C: UInt32? {
        guard header("x-amz-checksum-type") ?? "FULL_OBJECT" == "FULL_OBJECT" else { return nil }
        return header("x-amz-checksum-crc32c").flatMap(UInt32.init(checksumText:))
    }
}

/// An entity tag without its quotes, which some stores leave out, and without the mark of a weak one.
func unquoted(_ etag: String) -> String {
    let tag = etag.hasPrefix("W/") ? String(etag.dropFirst(2)) : etag
    return tag.count >= 2 && tag.hasPrefix("\"") && tag.hasSuffix("\"")
        ? String(tag.dropFirst().dropLast()) : tag
}
