// SPDX-License-Identifier: Apache-2.0

public import BlockingWork
import Digest
import HTTPTransport
import Logging

extension S3Client {
    /// Reads a small object whole, and not before its bytes are proved: by the CRC-32C that the store gives, by an entity tag that
    /// is their MD5, by TLS, or by a second reading on a new connection that is the same.
    ///
    /// - Throws: `S3Error.notFound` only where there definitely is none (`reading`); `.tooLong` if it has more than `limit` bytes; `.corruptObject` where
    ///   the store's own checksum does not fit twice the same bytes; `.changesOnTheWay` where no two readings agree.
    public func get(_ key: String, limit: Int) async throws -> (bytes: [UInt8], version: S3ObjectVersion) {
        var request = S3Request(
            action: "GetObject", method: "GET", key: key, headers: [Self.wantsChecksum],
            sink: .collect(limit: limit))
        var readings = Readings<BytesRead>()
        while true {
            let response = try await reading(key) { [request] in try await perform(request) }
            let (bytes, version) = (response.body, S3ObjectVersion(response))
            var received = CRC32C()
            received.update(bytes)
            if try await isProved(response, received.value) { return (bytes, version) }
            let stored = response.fullObjectCRC32C
            let reading = BytesRead(byteCount: bytes.count, crc32c: received.value, etag: version.etag)
            if readings.agree(on: reading) {
                guard let stored else { return (bytes, version) }
                throw S3Error.corruptObject(
                    call(request), expected: stored.checksumText, received: received.value.checksumText)
            }
            try readAgain(&request, readings, isKnownToDiffer: stored != nil)
        }
    }

    /// Asks what S3 gives no checksum of: over plain http until two answers say the same.
    func performUntilAgreed<Value: Equatable & Sendable>(
        _ request: S3Request, _ read: (HTTPResponse) throws(AttemptFault) -> Value
    ) async throws -> Value {
        var request = request
        var readings = Readings<Value>()
        while true {
            let value = try await perform(request, read)
            if location.server.isEncrypted || readings.agree(on: value) { return value }
            try readAgain(&request, readings, isKnownToDiffer: false)
        }
    }

    /// Makes the request fit for another reading.
    ///
    /// - Throws: where there have been enough.
    private func readAgain<Reading>(
        _ request: inout S3Request, _ readings: Readings<Reading>, isKnownToDiffer: Bool
    ) throws(S3Error) {
        let isNews = isKnownToDiffer || readings.count > 1
        logger.log(
            level: isNews ? .info : .debug,
            isNews
                ? "what S3 gave arrived changed, reading it again"
                : "nothing proves what S3 gave, reading it again",
            metadata: request.metadata(["bucket": "\(location.bucket)", "reading": "\(readings.count)"]))
        guard !readings.areExhausted else {
            throw .changesOnTheWay(call(request), readings: readings.count)
        }
        request.needsNewConnection = true
    }

    /// Whether the answer itself shows that its bytes are the stored ones.
    private func isProved(_ response: HTTPResponse, _ crc32c: UInt32) async throws -> Bool {
        if let stored = response.fullObjectCRC32C { return stored == crc32c }
        if location.server.isEncrypted { return true }
        guard let stored = response.plainMD5 else { return false }
        return try await runBlocking("s3-md5") { MD5.digest(response.body).hexadecimal } == stored
    }

    /// Reads `range` of an object into `block`, from its beginning: exactly that many bytes, or an error.
    ///
    /// The block is borrowed until this returns or throws; what a failed attempt left in it is overwritten.
    ///
    /// - Parameters:
    ///   - version: what the object must still be; otherwise `S3Error.preconditionFailed`.
    ///   - onNewConnection: it came another time as nobody can use it.
    public func get(
        _ key: String, range: Range<Int64>, into block: ByteBlock, version: S3ObjectVersion? = nil,
        onNewConnection: Bool = false
    ) async throws {
        precondition(range.lowerBound >= 0 && range.count <= block.capacity)
        block.count = 0
        if range.isEmpty { return }
        var request = S3Request(action: "GetObject", method: "GET", key: key, sink: .block(block))
        request.headers = [("range", "bytes=\(range.lowerBound)-\(range.upperBound - 1)")]
        request.needsNewConnection = onNewConnection
        if let version { request.headers.append(("if-match", "\"\(version.etag)\"")) }
        let call = call(request)
        do {
            try await reading(key) {
                block.count = 0
                try await perform(request) { response throws(AttemptFault) in
                    try Self.check(response, gives: range, call: call)
                }
            }
        } catch S3Error.refused(let call, 416, _) {
            throw S3Error.wrongLength(call, expected: Int64(range.count), actual: 0)
        }
    }

    /// `Content-Range` decides: `rclone serve s3` answers a range with status 200.
    private static func check(
        _ response: HTTPResponse, gives range: Range<Int64>, call: S3Call
    ) throws(AttemptFault) {
        guard let given = response.header("content-range") else {
            throw .malformed(
                reason: "status \(response.status) without a range to a request for one",
                requestID: response.header("x-amz-request-id"))
        }
        let expected = "bytes \(range.lowerBound)-\(range.upperBound - 1)/"
        guard given.hasPrefix(expected), response.bodyByteCount == range.count else {
            throw .corrupt(
                .wrongLength(call, expected: Int64(range.count), actual: Int64(response.bodyByteCount)))
        }
    }
}
