// SPDX-License-Identifier: Apache-2.0

import LogOutput
import Logging

/// Lets one writer in at a time, over all machines: an object that says who holds it and until when.
///
/// Shape of the object: `<holder>`, line end, seconds since 1970 by the store's clock, line end; 0: free. Then, where there is
/// one, a line that its holders leave to each other. It is changed by conditional writes only and never deleted, so that no
/// permission to delete is needed.
struct ObjectLock: Sendable {
    /// No holder keeps it longer; whoever holds it must be done well before.
    static let lease: Int64 = 120

    /// Of the object.
    private static let byteCountLimit = 8 << 20

    let client: S3Client
    let key: String
    let holder: String

    /// How long to wait for others.
    var patience = Duration.seconds(600)

    /// Waits until the lock is ours, runs `body`, and frees it.
    ///
    /// - Throws: `S3Error.locked` after `patience`, with the holder; `.noConditionalWrites` where the store would let two in.
    func holding<Value: Sendable>(_ body: @Sendable (Held) async throws -> Value) async throws -> Value {
        let held = try await acquire()
        do {
            let value = try await body(held)
            await held.release()
            return value
        } catch {
            await held.release()
            throw error
        }
    }

    /// What the last holder left; nil: nobody ever held it.
    func note() async throws -> Note? {
        do {
            return Note(try await client.get(key, limit: Self.byteCountLimit).bytes)
        } catch S3Error.notFound {
            return nil
        }
    }

    /// How the lock was found.
    private enum Finding {
        case absent(refusal: S3Error?)
        case free(S3KnownObject)
        case held(by: String)
    }

    private func acquire() async throws -> Held {
        let deadline = ContinuousClock.now + patience
        var isRefused = false
        while true {
            let finding = try await look()
            if let held = try await take(finding), try await held.isProved() {
                client.logger.debug("lifecycle lock taken", metadata: metadata)
                return held
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
            let (bytes, version) = try await client.get(key, limit: Self.byteCountLimit)
            let note = Note(bytes)
            if note.isHeld(at: client.storeTime) { return .held(by: note.holder ?? "somebody") }
            return .free(S3KnownObject(bytes: bytes, version: version))
        } catch S3Error.notFound {
            return .absent(refusal: nil)
        } catch let refusal as S3Error where refusal.isDenial {
            return .absent(refusal: refusal)
        }
    }

    /// - Returns: nil where it is held, or another was faster. No two texts are equal, so that a write whose answer was lost is ours.
    private func take(_ finding: Finding) async throws -> Held? {
        let nonce = UInt64.random(in: 0...UInt64.max)
        var note = Note(holder: "\(holder), \(nonce)", until: client.storeTime + Self.lease, text: nil)
        do {
            switch finding {
            case .held: return nil
            case .absent:
                let version = try await client.put(key, note.bytes, condition: .ifAbsent)
                return Held(client: client, key: key, note, version)
            case .free(let known):
                note.text = Note(known.bytes).text
                let version = try await client.replace(key, known, with: note.bytes)
                return Held(client: client, key: key, note, version)
            }
        } catch S3Error.preconditionFailed {
            return nil
        }
    }
}
