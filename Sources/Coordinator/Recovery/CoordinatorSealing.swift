// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import BlockingWork
import Certificates
import Digest
import FoundationEssentials
import S3
import Sealing
import Secret

/// Puts what makes this coordinator into the bucket, sealed to the recovery keys and signed by itself (`coordinator.cms`), and beside it
/// what anybody may read: the cluster's authorities, old ones and endorsements too, and the recovery certificates.
///
/// Three requests where nothing has changed.
struct CoordinatorSealing: Sendable {
    /// How often it begins anew where somebody else seals at the same time.
    private static let attempts = 3
    static let objectLimit = 32 << 20

    let file: ClusterFile
    let bucket: ClusterBucket

    enum Outcome: Sendable, Equatable {
        /// The cluster has no recovery key.
        case noRecipients
        /// What is sealed is what is here.
        case current
        /// Sealed anew. `overOthers`: over what somebody else had put there since.
        case sealed(overOthers: Bool)
    }

    /// - Parameters:
    ///   - run: the run that seals.
    ///   - always: also where nothing has changed.
    ///   - overOthers: also over what another coordinator has sealed since.
    /// - Throws: `RecoveryError.sealedByAnother`: what that one has changed would be in no seal any more.
    func seal(
        run: RunName? = nil, always: Bool = false, overOthers: Bool = false
    ) async throws -> Outcome {
        let recipients = try await runBlocking("recovery") { [file] in
            let found = RecoveryRecipients(file)
            if found.entries.isEmpty, let fault = found.faults.first { throw fault }
            return found.certificates
        }
        guard !recipients.isEmpty else { return .noRecipients }
        try await runBlocking("authorities") { [file, bucket] in
            try PublishedCertificates(file, recipients, in: bucket)
        }.publish()
        let key = bucket.layout.coordinatorSecrets
        // Of what another command of this machine is about to put there nobody else must think that it is another's.
        let turn = try await runBlocking("sealed") { [file] in try SealTurn(file) }
        defer { withExtendedLifetime(turn) {} }
        for _ in 1...Self.attempts {
            let found = try await bucket.object(key, limit: Self.objectLimit)
            let (files, last) = try await runBlocking("sealed") { [file] in
                (try CoordinatorFiles(file).read(), try CoordinatorSeal.known(file))
            }
            let digest = found.map { SHA256.digest($0.bytes).hexadecimal }
            let isOurs = digest.flatMap { last?.isOurs($0) } ?? false
            if let last, digest == last.sha256, !always, last.changed(files).isEmpty,
                last.isFor(recipients.map(\.fingerprint))
            {
                return .current
            }
            if let found, last != nil, !isOurs, !overOthers,
                try await runBlocking("seal", { try Self.isSeal(found.bytes, recipients) })
            {
                throw RecoveryError.sealedByAnother
            }
            let (bytes, seal) = try await runBlocking("seal") { [file] in
                try Self.sealed(files, file, run: run, recipients)
            }
            try await runBlocking("sealed") { [file] in
                try last?.awaiting(seal.sha256, over: digest).keep(file)
            }
            guard try await bucket.put(bytes, key, over: found) != nil else { continue }
            try await runBlocking("sealed") { [file] in try seal.keep(file) }
            return .sealed(overOthers: found != nil && last != nil && !isOurs)
        }
        throw RecoveryError.sealChanged
    }

    /// Whether it is a sealed object at all, to whomever; what is none is nobody's.
    private static func isSeal(_ bytes: [UInt8], _ recipients: [RecoveryCertificate]) throws -> Bool {
        guard let recipient = recipients.first else { return false }
        do throws(SealingError) {
            _ = try Envelope.isSealed(bytes, to: recipient)
            return true
        } catch {
            return false
        }
    }

    private static func sealed(
        _ files: [SealedFile], _ file: ClusterFile, run: RunName?, _ recipients: [RecoveryCertificate]
    ) throws -> ([UInt8], CoordinatorSeal) {
        let now = Date().wholeSecond
        let bundle = try SealedBundle(
            cluster: file.settings.cluster, clusterID: file.settings.clusterID, owner: .coordinator, run: run,
            sealedAt: now, files: files)
        let identity = file.identityFiles
        let bytes = try bundle.sealed(
            certificatePEM: ClusterFile.text(of: identity.certificate),
            privateKeyPEM: Secret(ClusterFile.text(of: identity.privateKey)), to: recipients)
        let seal = CoordinatorSeal(
            sha256: SHA256.digest(bytes).hexadecimal, sealedAt: now,
            recipients: recipients.map(\.fingerprint), fingerprintKey: bundle.manifest.fingerprintKey,
            files: bundle.fileRecords)
        return (bytes, seal)
    }
}
