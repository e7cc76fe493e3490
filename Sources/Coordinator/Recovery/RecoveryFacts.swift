// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import BlockingWork
import Digest
import Files
public import FoundationEssentials
import S3
import Sealing
import Secret

/// The recovery key and what is sealed to it, as `status` tells of it.
public struct RecoverySummary: Sendable, Encodable, Equatable {
    public struct Certificate: Sendable, Encodable, Equatable {
        public var file: String
        public var fingerprint: String
        public var beginsAt: Date?
        public var expiresAt: Date
    }

    public var certificates: [Certificate]
    /// When this coordinator sealed its files last; nil: never, or nobody knows any more.
    public var sealedAt: Date?
    /// Whether the bucket has them as they are now; nil: it does not say.
    public var isCurrent: Bool?
}

/// What there is to judge of it.
struct RecoveryFacts: Sendable {
    /// What lies in the bucket of the coordinator.
    enum Sealed: Sendable, Equatable {
        /// What this coordinator has put there.
        case ours
        /// What somebody else has.
        case others
        case nothing
        case unknown
    }

    /// Of `cluster.json`: nil where it does not say.
    var setting: [String]?
    var certificates: [RecoverySummary.Certificate] = []
    var faults: [WireError] = []
    /// Kits in the directory of `cluster.json`.
    var kits: [String] = []
    var sealed = Sealed.unknown
    /// Why it is unknown.
    var unknown: WireError?
    var sealedAt: Date?
    /// Sealed to other certificates than now.
    var isForOthers = false
    var changed: [(path: String, kind: SealedFile.Kind)] = []
    /// Keys of certificates that should lie in the bucket for everybody, and do not.
    var unpublished: [String] = []
    /// Why nobody knows whether there are such; nil: it is known.
    var unknownPublished: WireError?

    init() {}

    /// Three requests. What the store does not say is unknown.
    ///
    /// - Throws: `CancellationError` only.
    init(_ cluster: Cluster) async throws {
        let local = try await runBlocking("recovery") { [file = cluster.file] in Local(file) }
        setting = cluster.settings.recovery
        certificates = local.recipients.entries.map { .init($0.certificate, file: $0.path) }
        (faults, kits) = (local.recipients.faults + local.faults, local.kits)
        guard !certificates.isEmpty else { return }
        if let last = local.last {
            sealedAt = last.sealedAt
            isForOthers = !last.isFor(local.recipients.fingerprints)
            changed = last.changed(local.files)
        }
        let bucket = cluster.impatientBucket
        do {
            let found = try await bucket.object(
                bucket.layout.coordinatorSecrets, limit: CoordinatorSealing.objectLimit)
            sealed =
                switch found {
                case nil: .nothing
                case let found?:
                    local.last?.isOurs(SHA256.digest(found.bytes).hexadecimal) == true ? .ours : .others
                }
        } catch {
            try Task.checkCancellation()
            unknown = WireError(of: error)
        }
        // Before anything is sealed nothing has to be believed.
        guard sealed != .nothing, sealed != .unknown else { return }
        do {
            unpublished = try await runBlocking("authorities") { [file = cluster.file] in
                try PublishedCertificates(file, local.recipients.certificates, in: bucket)
            }.missing()
        } catch {
            try Task.checkCancellation()
            unknownPublished = WireError(of: error)
        }
    }

    var summary: RecoverySummary {
        let isCurrent: Bool? =
            switch sealed {
            case .unknown: nil
            case .ours where unknownPublished != nil && changed.isEmpty && !isForOthers: nil
            case .ours: changed.isEmpty && !isForOthers && unpublished.isEmpty
            case .others, .nothing: false
            }
        return RecoverySummary(certificates: certificates, sealedAt: sealedAt, isCurrent: isCurrent)
    }

    /// What lies on this machine. Blocks.
    private struct Local: Sendable {
        let recipients: RecoveryRecipients
        let last: CoordinatorSeal?
        var files: [SealedFile] = []
        var faults: [WireError] = []
        let kits: [String]

        init(_ file: ClusterFile) {
            recipients = RecoveryRecipients(file)
            last = CoordinatorSeal.last(file)
            kits = RecoveryFacts.kits(beside: file)
            do {
                files = try CoordinatorFiles(file).read()
            } catch {
                faults = [WireError(of: error)]
            }
        }
    }

    /// A directory of `cluster.json` has some ten files; where somebody keeps thousands of others, not all are looked into.
    private static let nameLimit = 200
    private static let kitByteCountLimit: Int64 = 1 << 16

    private static func kits(beside file: ClusterFile) -> [String] {
        let names = ((try? FileSystem.list(file.directory)) ?? []).prefix(nameLimit)
        return names.map(file.resolve).filter { path in
            guard let status = try? FileSystem.status(path), status.kind == .regular,
                status.byteCount <= kitByteCountLimit,
                let bytes = try? FileSystem.readAll(path, limit: Int(kitByteCountLimit))
            else { return false }
            let text = Secret(String(decoding: bytes, as: UTF8.self))
            return (try? RecoverySource(text: text, source: path))?.kit != nil
        }
    }
}
