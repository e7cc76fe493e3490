// SPDX-License-Identifier: Apache-2.0

public import BlockingWork
import Digest
import HTTPTransport

extension S3Client {
    /// Writes a small object whole.
    ///
    /// An attempt whose answer was lost may have written the object. When the next one then finds the condition
    /// unmet, the object is read: if it holds exactly `bytes`, it is ours.
    ///
    /// - Throws: `S3Error.preconditionFailed` if the condition does not hold; `.noConditionalWrites` if the store knows none.
    public func put(
        _ key: String, _ bytes: [UInt8], condition: WriteCondition = .none
    ) async throws -> S3ObjectVersion {
        var schedule = RetrySchedule(policy: retry)
        do {
            return try await put(key, .bytes(bytes), condition, isBulk: false, &schedule)
        } catch S3Error.preconditionFailed(let call) where schedule.hasUncertainAttempt {
            guard let version = try await version(of: key, holding: bytes) else {
                throw S3Error.preconditionFailed(call)
            }
            return version
        } catch S3Error.notFound(let call) where condition != .none {
            // What AWS answers to If-Match where there is nothing (any more).
            throw S3Error.preconditionFailed(call)
        }
    }

    /// Writes a block's bytes as one object, of the storage class for bulk data. The block is borrowed until this returns or throws.
    public func put(_ key: String, _ block: ByteBlock) async throws -> S3ObjectVersion {
        var schedule = RetrySchedule(policy: retry)
        return try await put(key, .block(block), .none, isBulk: true, &schedule)
    }

    private func put(
        _ key: String, _ body: HTTPBody, _ condition: WriteCondition, isBulk: Bool,
        _ schedule: inout RetrySchedule
    ) async throws -> S3ObjectVersion {
        let request = S3Request(
            action: "PutObject", method: "PUT", key: key,
            headers: condition.headers + keeping.headers(isBulk: isBulk), body: body,
            isSentOnce: condition != .none)
        let checksum = UploadChecksum(of: body)
        let (response, _) = try await upload(request, checksum, &schedule) { response in
            // No tag, no checksum: nothing says that the store has taken it.
            guard response.entityTag == nil, response.header("x-amz-checksum-crc32c") == nil else { return }
            try await self.proveStored(key, body.byteCount, checksum.crc32c, response)
        }
        return S3ObjectVersion(response)
    }

    /// Reads back what the answer to its writing does not show to be there.
    ///
    /// - Throws: `AttemptFault.interposed` where something else is; `S3Error` where it cannot be read.
    private func proveStored(
        _ key: String, _ byteCount: Int, _ crc32c: UInt32, _ response: HTTPResponse
    ) async throws {
        var stored = CRC32C()
        do {
            stored.update(try await get(key, limit: byteCount).bytes)
            if stored.value == crc32c { return }
        } catch S3Error.notFound {
        } catch S3Error.tooLong {}
        throw AttemptFault.interposed(
            reason: "the answer has no entity tag, and the store does not have what was sent",
            words: StoreWords(response, error: nil))
    }

    /// Sends a body with its checksums and compares what the store then has.
    func upload(
        _ request: S3Request, _ checksum: UploadChecksum, _ schedule: inout RetrySchedule,
        _ prove: (HTTPResponse) async throws -> Void = { _ in }
    ) async throws -> (HTTPResponse, isChecksummedByStore: Bool) {
        var sent = request
        sent.checksum = "CRC-32C \(checksum.crc32c.checksumText)"
        return try await repeated(sent, &schedule) { schedule in
            var request = request
            request.headers += try await checksum.headers(checksums)
            let response = try await attempt(request, schedule)
            let isChecksummed = try await checksum.compare(
                response, checksums, call: call(request), part: request.part)
            try await prove(response)
            return (response, isChecksummed)
        }
    }

    /// Removes an object; that there is none is fine.
    public func delete(_ key: String) async throws {
        do {
            _ = try await perform(S3Request(action: "DeleteObject", method: "DELETE", key: key))
        } catch S3Error.notFound {
            return
        }
    }

    /// Asks for the checksum that the store keeps.
    static let wantsChecksum = (name: "x-amz-checksum-mode", value: "ENABLED")
}
