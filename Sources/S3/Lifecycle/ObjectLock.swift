// SPDX-License-Identifier: Apache-2.0

import LogOutput
import Logging

/// Lets one writer in at a time, over all machines: an object that says who holds it and until when.
///
/// Shape of the object: `<holder>`, line end, seconds since 1970 by the store's clock, line end; 0: free. It is changed by
/// conditional writes only and never deleted, so that no permission to delete is needed.
struct ObjectLock: Sendable {
    /// No holder keeps it longer; whoever holds it must be done well before.
    static let lease: Int64 = 120

    let client: S3Client
    let key: String
    let holder: String

    /// How long to wait for others.
    var patience = Duration.seconds(600)

    /// Waits until the lock is ours, runs `body`, and frees it.
    ///
    /// - Throws: `S3Error.locked` after `patience`, with the holder.
    func holding<Value: Sendable>(_ body: @Sendable () async throws -> Value) async throws -> Value {
        let version = try await acquire()
        do {
            let value = try await body()
            await release(version)
            return value
        } catch {
            await release(version)
            throw error
        }
    }

    private func acquire() async throws -> S3ObjectVersion {
        let deadline = ContinuousClock.now + patience
        var isRefused = false
        while true {
            let (condition, other, refusal) = try await look()
            if let condition, let version = try await take(condition) {
                client.logger.debug("lifecycle lock taken", metadata: metadata)
                return version
            }
            // It is there, and was when it was refused for the second time.
            if let refusal, isRefused { throw refusal }
            isRefused = refusal != nil
            guard ContinuousClock.now < deadline else {
                throw S3Error.locked(bucket: client.location.bucket, key: key, holder: other ?? "somebody")
            }
            let delay = Duration.milliseconds(Int.random(in: 300...1500))
            client.logger.debug(
                "lifecycle lock is held, trying again",
                metadata: metadata.merging([
                    "holder": "\((other ?? "somebody").forLog)", "delay": "\(delay.forLog)",
                ]) { $1 })
            try await Task.sleep(for: delay)
        }
    }

    private var metadata: Logger.Metadata {
        ["bucket": "\(client.location.bucket)", "key": "\(key.forLog)"]
    }

    /// How the lock may be taken; nil: it may not, and by whom it is held.
    ///
    /// - Returns: with the store's refusal where it does not say whether there is one: to make one only where there is none is safe.
    private func look() async throws -> (WriteCondition?, holder: String?, refusal: S3Error?) {
        do {
            let (bytes, version) = try await client.get(key, limit: 4096)
            let lines = String(decoding: bytes, as: UTF8.self).split(separator: "\n")
            let until = lines.count > 1 ? Int64(lines[1]) ?? 0 : 0
            if until > client.storeTime { return (nil, lines.first.map(String.init), nil) }
            return (.ifMatch(version.etag), nil, nil)
        } catch S3Error.notFound {
            return (.ifAbsent, nil, nil)
        } catch let refusal as S3Error where refusal.isDenial {
            return (.ifAbsent, nil, refusal)
        }
    }

    private func take(_ condition: WriteCondition) async throws -> S3ObjectVersion? {
        let nonce = UInt64.random(in: 0...UInt64.max)
        let text = "\(holder), \(nonce)\n\(client.storeTime + Self.lease)\n"
        do {
            return try await client.put(key, Array(text.utf8), condition: condition)
        } catch S3Error.preconditionFailed {
            return nil
        }
    }

    /// In a task of its own: a cancelled task's requests are cancelled too. What fails here runs out by itself.
    private func release(_ version: S3ObjectVersion) async {
        await Task { [client, key] in
            _ = try? await client.put(key, Array("free\n0\n".utf8), condition: .ifMatch(version.etag))
        }.value
    }
}
