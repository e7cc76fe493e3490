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
    /// - Throws: `S3Error.locked` after `patience`, with the holder; `.noConditionalWrites` where the store would let two in.
    func holding<Value: Sendable>(_ body: @Sendable () async throws -> Value) async throws -> Value {
        let taken = try await acquire()
        do {
            let value = try await body()
            await release(taken)
            return value
        } catch {
            await release(taken)
            throw error
        }
    }

    /// How the lock was found.
    private enum Finding {
        case absent(refusal: S3Error?)
        case free(S3KnownObject)
        case held(by: String)
    }

    private func acquire() async throws -> S3KnownObject {
        let deadline = ContinuousClock.now + patience
        var isRefused = false
        while true {
            let finding = try await look()
            if let taken = try await take(finding), try await isProved(taken) {
                client.logger.debug("lifecycle lock taken", metadata: metadata)
                return taken
            }
            var other = "somebody"
            switch finding {
            case .held(let holder): (other, isRefused) = (holder, false)
            // It is there, and was when it was refused for the second time.
            case .absent(refusal: let refusal?) where isRefused: throw refusal
            case .absent(let refusal): isRefused = refusal != nil
            case .free: isRefused = false
            }
            guard ContinuousClock.now < deadline else {
                throw S3Error.locked(bucket: client.location.bucket, key: key, holder: other)
            }
            let delay = Duration.milliseconds(Int.random(in: 300...1500))
            client.logger.debug(
                "lifecycle lock is held, trying again",
                metadata: metadata.merging(["holder": "\(other.forLog)", "delay": "\(delay.forLog)"]) { $1 })
            try await Task.sleep(for: delay)
        }
    }

    private var metadata: Logger.Metadata {
        ["bucket": "\(client.location.bucket)", "key": "\(key.forLog)"]
    }

    /// With the store's refusal where it does not say whether there is one: to make one only where there is none is safe.
    private func look() async throws -> Finding {
        do {
            let (bytes, version) = try await client.get(key, limit: 4096)
            let lines = String(decoding: bytes, as: UTF8.self).split(separator: "\n")
            let until = lines.count > 1 ? Int64(lines[1]) ?? 0 : 0
            if until > client.storeTime { return .held(by: lines.first.map(String.init) ?? "somebody") }
            return .free(S3KnownObject(bytes: bytes, version: version))
        } catch S3Error.notFound {
            return .absent(refusal: nil)
        } catch let refusal as S3Error where refusal.isDenial {
            return .absent(refusal: refusal)
        }
    }

    /// - Returns: nil where it is held, or another was faster. No two texts are equal, so that a write whose answer was lost is ours.
    private func take(_ finding: Finding) async throws -> S3KnownObject? {
        let nonce = UInt64.random(in: 0...UInt64.max)
        let text = Array("\(holder), \(nonce)\n\(client.storeTime + Self.lease)\n".utf8)
        do {
            switch finding {
            case .held: return nil
            case .absent:
                return S3KnownObject(
                    bytes: text, version: try await client.put(key, text, condition: .ifAbsent))
            case .free(let known):
                return S3KnownObject(bytes: text, version: try await client.replace(key, known, with: text))
            }
        } catch S3Error.preconditionFailed {
            return nil
        }
    }

    /// Here correctness hangs on the condition: two that rewrite a bucket's lifecycle at once lose each other's rules.
    private func isProved(_ taken: S3KnownObject) async throws -> Bool {
        try await client.proveConditions(key, taken.version) { round in
            Array(Self.free.utf8) + Array(repeating: UInt8(ascii: "\n"), count: round)
        }
    }

    /// In a task of its own: a cancelled task's requests are cancelled too. What fails here runs out by itself.
    private func release(_ taken: S3KnownObject) async {
        await Task { [client, key] in
            _ = try? await client.replace(key, taken, with: Array(Self.free.utf8))
        }.value
    }

    private static let free = "free\n0\n"
}
