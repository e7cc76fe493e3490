// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import BlockingWork
import Certificates
import Digest
import Files
import FoundationEssentials
import Logging
import S3
import Sealing
import Secret

/// Seals what a restore of this node needs to the cluster's recovery certificates, and puts it into the bucket: once a change.
struct SecretSealing: Sendable {
    let settings: AgentSettings
    let request: JobRequest
    let recovery: RecoveryOrder
    /// Of the cluster's bucket; it answers within a minute.
    let client: S3Client
    let logger: Logger

    /// What a run's record says of the node's secrets.
    struct Outcome: Sendable {
        /// The version that holds them; nil: none does.
        var sealed: SealedRecord?
        /// Of single configurations.
        var notes: [(configuration: String, text: String)] = []
        /// Why nothing is sealed, where that concerns the store: asked again, it may be.
        var isWorthAnotherTry = false
    }

    /// Nothing of it fails a dump: what is not sealed is said.
    ///
    /// - Throws: `CancellationError`
    func seal(_ configurations: [CheckedConfiguration]) async throws -> Outcome {
        let (inventory, reading) = try await runBlocking("secrets") { [settings] in
            let inventory = SecretInventory(configurations, settings)
            return (inventory, SecretReading(inventory, configurations, settings))
        }
        var outcome = Outcome(notes: inventory.notes)
        let missing = inventory.faults(reading, node: settings.node)
        do {
            var sealed = try await version(reading.files, configurations)
            sealed.unsealedCredentials = UnsealedCredentials.origin(configurations, reading.files)
            sealed.missing = missing.isEmpty ? nil : missing
            outcome.sealed = sealed
        } catch {
            if error is CancellationError || Task.isCancelled { throw CancellationError() }
            var fault = WireError(of: error, node: settings.node)
            fault.message = "the node's secrets are not sealed: \(fault.message)"
            outcome.isWorthAnotherTry = fault.concernsWholeStore
            let layout = BucketLayout(request.storage)
            // No version of this run is there. An older one may hold all the same what this run needs.
            var none = SealedRecord(
                run: request.run, key: layout.nodeSecrets(settings.node, run: request.run), byteCount: 0,
                sha256: "",
                recipients: [], files: [])
            let needed = inventory.keys.contains { $0.need != .ifPresent }
            none.missing = needed ? [fault] + missing : missing.isEmpty ? nil : missing
            outcome.sealed = none
            for name in Set(configurations.map(\.choice.name)).sorted() where !needed {
                outcome.notes.append((name, fault.message))
            }
        }
        return outcome
    }

    /// The version that holds just these files for just these recipients; sealed now where there is none, or it is not there any more.
    private func version(
        _ files: [SealedFile], _ configurations: [CheckedConfiguration]
    ) async throws -> SealedRecord {
        let recipients = try recovery.recipients()
        let wanted = Set(recipients.map(\.fingerprint))
        let (memory, issuer) = try await runBlocking("secrets") { [settings] in
            (SealingMemory.load(settings.stateDirectory), Self.issuer(settings))
        }
        let folder = BucketLayout(request.storage).nodeFolder(settings.node)
        if let memory, Set(memory.sealed.recipients) == wanted,
            memory.changes(files, seenBy: configurations, settings).isEmpty,
            memory.clusterID == recovery.clusterID, memory.issuer == issuer,
            SealedVersion(key: memory.sealed.key, in: folder) != nil, try await isThere(memory.sealed)
        {
            logger.info("the sealed secrets are still those of run \(memory.sealed.run)")
            return memory.sealed
        }
        return try await sealAnew(files, recipients, after: memory, issuer: issuer)
    }

    /// Whether the object is the very one that was put there: its length is another's too.
    private func isThere(_ sealed: SealedRecord) async throws -> Bool {
        do {
            let (bytes, _) = try await client.get(sealed.key, limit: Int(clamping: sealed.byteCount))
            return SHA256.digest(bytes).hexadecimal == sealed.sha256
        } catch S3Error.notFound {
            return false
        } catch S3Error.tooLong {
            return false
        } catch S3Error.archived {
            // Whoever restores cannot read it either.
            return false
        } catch S3Error.corruptObject {
            return false
        }
    }

    /// Whoever believes the present authority alone must believe what was sealed last.
    private static func issuer(_ settings: AgentSettings) -> String? {
        guard let authorities = try? AuthorityBundle(contentsOf: settings.tls.authority),
            let own = try? CertificateFacts(contentsOf: settings.tls.certificate)
        else { return nil }
        return authorities.issuer(of: own)?.keyFingerprint
    }

    private func sealAnew(
        _ files: [SealedFile], _ recipients: [RecoveryCertificate], after memory: SealingMemory?,
        issuer: String?
    ) async throws -> SealedRecord {
        let (version, isFree) = try await newVersion()
        let key = BucketLayout(request.storage).nodeSecrets(settings.node, version)
        let superseded = memory?.superseded(by: files) ?? []
        let bundle = try SealedBundle(
            cluster: settings.cluster, clusterID: recovery.clusterID, owner: .node(settings.node),
            run: version.run, number: version.number, keysSince: superseded.min(), sealedAt: Date(),
            files: files)
        let der = try await runBlocking("secrets") { [settings] in
            try bundle.sealed(
                certificatePEM: Self.text(settings.tls.certificate),
                privateKeyPEM: Secret(Self.text(settings.tls.privateKey)), to: recipients)
        }
        _ = try await client.put(key, der, condition: isFree ? .none : .ifAbsent)
        guard let info = try await client.head(key), info.byteCount == Int64(der.count) else {
            throw WireError(
                .damaged, node: settings.node, "'\(key)' was written, and the store does not show it",
                hint: "see what else writes there, and back up again.")
        }
        var sealed = SealedRecord(
            run: request.run, key: key, byteCount: Int64(der.count), sha256: SHA256.digest(der).hexadecimal,
            recipients: recipients.map(\.fingerprint).sorted(), files: bundle.fileRecords)
        if !superseded.isEmpty { sealed.supersedes = superseded }
        let memory = SealingMemory(
            fingerprintKey: bundle.manifest.fingerprintKey, sealed: sealed, files: files,
            clusterID: recovery.clusterID, issuer: issuer)
        do {
            try await runBlocking("secrets") { [settings] in try memory.save(settings.stateDirectory) }
        } catch {
            // The object is there: without the memory the next run seals once more.
            logger.warning("what was sealed is not remembered", metadata: ["reason": "\(error)"])
        }
        logger.notice(
            "secrets sealed",
            metadata: ["key": "\(key)", "files": "\(files.count)", "recipients": "\(recipients.count)"])
        return sealed
    }

    /// The first of this run's names that nothing has yet: what an earlier attempt sealed its dumps still need.
    ///
    /// - Returns: whether it is known to be free: without the right to list a store does not tell that from what it does not show.
    private func newVersion() async throws -> (SealedVersion, isFree: Bool) {
        let layout = BucketLayout(request.storage)
        for number in 1...SealedVersion.numberLimit {
            let version = SealedVersion(run: request.run, number: number)
            do {
                if try await client.head(layout.nodeSecrets(settings.node, version)) == nil {
                    return (version, true)
                }
            } catch let error as S3Error where error.isDenial {
                return (
                    SealedVersion(
                        run: request.run, number: min(max(number, request.attempt), SealedVersion.numberLimit)
                    ), false
                )
            }
        }
        throw WireError(
            .failed, node: settings.node,
            "run \(request.run) has sealed \(SealedVersion.numberLimit) versions of this node's secrets already",
            hint: "begin another run: 'amfleet backup'.")
    }

    private static let identityByteCountLimit = 1 << 20

    private static func text(_ path: String) throws -> String {
        String(decoding: try FileSystem.readAll(path, limit: identityByteCountLimit), as: UTF8.self)
    }
}

extension SecretInventory {
    /// What an administrator should know of programs whose keys nobody finds, by configuration.
    var notes: [(configuration: String, text: String)] {
        unknown.map { ($0.configuration, Self.text(ofUnknown: $0)) }
            + unclear.map { ($0.use.configuration, Self.text(ofUnclear: $0.variable, $0.use)) }
            + elsewhere.map {
                (
                    $0.configuration,
                    "the keys of '\($0.program)' are kept elsewhere, as the dumptype says: a restore needs them"
                )
            }
            + unusable.map { ($0.use.configuration, "property \"\(SecretProperty.name)\": \($0.what)") }
    }

    static func text(ofUnknown use: Use) -> String {
        "nobody knows which keys '\(use.program)' reads: they are not sealed"
    }

    private static func text(ofUnclear variable: String, _ use: Use) -> String {
        "'\(use.program)' sets \(variable) to something that nobody but itself can follow: whether its keys are sealed is not known"
    }

    /// The same as problems, with what to do.
    func unknownFaults(node: String) -> [WireError] {
        unknown.map { use in
            WireError(
                .configuration, node: node, "\(use.configuration): \(Self.text(ofUnknown: use))",
                hint: "write property \"\(SecretProperty.name)\" \"/path/of/its/key\" into the dumptype, or "
                    + "\"\(SecretProperty.elsewhere)\" where they are kept elsewhere.")
        }
            + unclear.map { entry in
                WireError(
                    .configuration, node: node,
                    "\(entry.use.configuration): \(Self.text(ofUnclear: entry.variable, entry.use))",
                    hint: "write property \"\(SecretProperty.name)\" \"/path/of/its/key\" into the dumptype.")
            }
            + unusable.map { entry in
                WireError(
                    .configuration, node: node,
                    "\(entry.use.configuration): property \"\(SecretProperty.name)\": \(entry.what)",
                    hint: "name files of the program's keys by their absolute paths.")
            }
    }
}
