// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import AmandaFormat
import BlockingWork
import Certificates
import S3
import Sealing

/// What lies sealed for the node in the bucket: named, and opened with a recovery key.
struct BootstrapSecretsSearch: Sendable {
    let order: BootstrapOrder
    let clients: BucketClients

    /// What is there, and what could be opened of it.
    struct Found: Sendable {
        var report = BootstrapSecrets()
        /// nil: nothing was opened.
        var order: SecretsOrder?
    }

    /// More than a bundle and its envelope ever are.
    private static let byteCountLimit = SealedBundle.byteCountLimit + (4 << 20)
    private static let versionLimit = 10_000
    private static let authorityByteCountLimit = 1 << 20
    private static let authorityCountLimit = 100

    private var layout: BucketLayout { BucketLayout(order.storage) }

    /// The version that fits a run: what the run's record names, else the newest that is listed. What is wrong with it keeps nothing
    /// else from coming back.
    ///
    /// - Throws: `CancellationError`
    func look(run: RunName) async throws -> Found {
        var found = Found()
        do {
            let record = try await record(of: run)
            let (listed, areAll) = try await versions()
            if !areAll {
                found.report.notes.append(
                    "more than \(Self.versionLimit) sealed versions are there: only the oldest were looked at"
                )
            }
            let search = SealedSearch(for: run, recorded: record?.version, listed: listed)
            guard let first = search.first else {
                found.report.notes.append("nothing is sealed for this node, as far as its rights show")
                return found
            }
            found.report.key = layout.nodeSecrets(order.node, first)
            found.report.files = (record?.files ?? []).map {
                .init(
                    path: $0.path, byteCount: $0.byteCount, state: BootstrapSecrets.leftOut,
                    reason: order.recoveryKey == nil
                        ? "it is sealed, and opens with '--recovery-key'" : "what is sealed cannot be used")
            }
            if let origin = record?.unsealedCredentials {
                found.report.notes.append(origin.text)
            }
            if let recoveryKey = order.recoveryKey { try await open(search, listed, recoveryKey, &found) }
        } catch {
            if error is CancellationError || Task.isCancelled { throw CancellationError() }
            found.report.faults.append(WireError(cause: error, node: order.node))
        }
        return found
    }

    private func record(of run: RunName) async throws -> SealedRecord? {
        let store = NodeRecordStore(client: try clients.main, layout: layout)
        do {
            guard let record = try await store.read(run, node: order.node)?.secrets, record.version != nil
            else {
                return nil
            }
            // A record names its own node's versions, and nothing else.
            return SealedVersion(key: record.key, in: layout.nodeFolder(order.node)) == nil ? nil : record
        } catch let error as S3Error where error.isDenial {
            return nil
        } catch is WireJSONError {
            return nil
        }
    }

    /// Of one that no record names and nobody lets us list there is nothing.
    private func versions() async throws -> (listed: [SealedVersion], areAll: Bool) {
        let folder = layout.nodeFolder(order.node)
        do {
            let listing = try await clients.main.list(prefix: "\(folder)secrets-", limit: Self.versionLimit)
            return (
                listing.objects.compactMap { SealedVersion(key: $0.key, in: folder) }, listing.isComplete
            )
        } catch let error as S3Error where error.isDenial {
            return ([], true)
        }
    }

    /// The first that opens and is the node's own, and the keys of the others: an older dump may need them.
    ///
    /// - Throws: what is wrong with the first, where none does.
    private func open(
        _ start: SealedSearch, _ listed: [SealedVersion], _ recoveryKey: RecoveryKey, _ found: inout Found
    ) async throws {
        var search = start
        while let version = search.next() {
            do {
                let (bundle, notes) = try await open(version, with: recoveryKey)
                found.report.notes += notes
                if let remark = search.remark(on: version) {
                    found.report.note(remark, isRefused: !search.refused.isEmpty, order.node)
                }
                found.report.key = layout.nodeSecrets(order.node, version)
                var secrets = SecretsOrder(bundle, version: version)
                for other in listed.sorted(by: >).prefix(SecretsOrder.otherLimit) where other != version {
                    do {
                        let bundle = try await open(other, with: recoveryKey).0
                        guard !secrets.add(bundle, version: other) else { continue }
                        found.report.notes.append(
                            "its secrets of \(other) and before are not put back: there are too many")
                        break
                    } catch {
                        if error is CancellationError || Task.isCancelled { throw CancellationError() }
                        found.report.notes.append(
                            "its secrets of \(other) cannot be used (\(WireError(of: error).message)): dumps made with keys that "
                                + "only they hold cannot be read")
                    }
                }
                found.order = secrets
                return
            } catch S3Error.notFound {
                search.refuse(version, nil)
            } catch {
                if error is CancellationError || Task.isCancelled { throw CancellationError() }
                search.refuse(version, WireError(cause: error, node: order.node))
            }
        }
        if let fault = search.fault { throw fault }
        throw WireError(
            .damaged, node: order.node,
            "'\(found.report.key ?? "")' is named by the run's record, and is not there",
            hint: "what was encrypted with keys that only it held cannot be read.")
    }

    /// - Returns: also what an operator should know.
    private func open(
        _ version: SealedVersion, with recoveryKey: RecoveryKey
    ) async throws -> (SealedBundle, notes: [String]) {
        let key = layout.nodeSecrets(order.node, version)
        let bytes = try await clients.main.get(key, limit: Self.byteCountLimit).bytes
        let opened = try await runBlocking("secrets") { try SealedBundle.open(bytes, with: recoveryKey) }
        let expectation = try await expectation(of: opened)
        try expectation.check(opened, at: key)
        guard expectation.authorities == nil else { return (opened.bundle, []) }
        return (
            opened.bundle,
            [
                "a bare key pins no authority: that \(expectation.owner.uri) signed it says only its certificate, "
                    + opened.signer.fingerprint
            ]
        )
    }

    /// Anybody who may write into the bucket could have sealed it: the node itself must have signed, by an authority that the kit
    /// pins.
    private func expectation(of opened: OpenedBundle) async throws -> SealedExpectation {
        guard let kit = order.kit else {
            let name = try PeerName(cluster: opened.bundle.manifest.cluster, role: .node(order.node))
            return SealedExpectation(owner: name, authorities: nil, clusterID: nil)
        }
        let candidates = try await authorities(of: kit)
        guard
            let believed = try PinnedAuthorities.believed(
                kit.authorities, among: candidates, cluster: kit.cluster)
        else {
            throw WireError(
                .authentication, node: order.node,
                "none of the authorities that the kit names lies in the bucket: nobody knows who signed what is sealed",
                hint: "see \(layout.authorities) in the bucket, and whether the credentials may read it.")
        }
        return SealedExpectation(
            owner: try PeerName(cluster: kit.cluster, role: .node(order.node)), authorities: believed,
            clusterID: kit.clusterID)
    }

    /// Those that the kit names, and where the rights allow a listing those that came after them.
    private func authorities(of kit: RecoveryKit) async throws -> [CertificateFacts] {
        var keys = kit.authorities.map(layout.authority)
        do {
            let listing = try await clients.main.list(
                prefix: layout.authorities, limit: Self.authorityCountLimit)
            keys += listing.objects.map(\.key).filter { !keys.contains($0) }
        } catch let error as S3Error where error.isDenial {}
        var found: [CertificateFacts] = []
        for key in keys {
            do {
                let bytes = try await clients.main.get(key, limit: Self.authorityByteCountLimit).bytes
                found.append(try CertificateFacts(pem: String(decoding: bytes, as: UTF8.self)))
            } catch S3Error.notFound {
                continue
            } catch let error as S3Error where error.isDenial {
                continue
            } catch is CertificateError {
                continue
            }
        }
        return found
    }
}

extension BootstrapSecrets {
    static let leftOut = "left out"

    /// What an operator reads before anything is put back: what of the sealed keys cannot be had.
    var foretold: [String] {
        (notes + faults.map(\.message)).map { "sealed keys: \($0)" }
    }

    /// - Parameter isRefused: another version was to be taken.
    mutating func note(_ remark: String, isRefused: Bool, _ node: String) {
        guard isRefused else { return notes.append(remark) }
        faults.append(
            WireError(
                .damaged, node: node, remark,
                hint: "what was encrypted with keys that only the former holds cannot be read."))
    }

    /// Why, and where a key was left out what puts it back: that is no fault, and has no hint of its own.
    private static func reason(_ outcome: RestoredSecret) -> String? {
        guard outcome.state == .leftOut, let hint = outcome.hint else { return outcome.reason }
        return [outcome.reason, hint].compactMap(\.self).joined(separator: "; ")
    }

    /// What would become of what was opened, on a machine that has nothing yet. Blocks.
    mutating func plan(_ opened: [SealedFile], at places: SecretPlaces) {
        files = opened.map { file in
            var outcome = File(
                path: file.path, byteCount: Int64(file.content.count), state: "would be put back")
            if case .leftOut(let reason) = places.decide(file) {
                let left = RestoredSecret(path: file.path, kind: file.kind, state: .leftOut, reason: reason)
                (outcome.state, outcome.reason) = (Self.leftOut, Self.reason(left))
            }
            return outcome
        }
    }

    /// What became of what was opened.
    mutating func add(_ outcomes: [RestoredSecret], node: String) {
        let sizes = Dictionary(files.map { ($0.path, $0.byteCount) }) { first, _ in first }
        files = outcomes.map { outcome in
            File(
                path: outcome.path, byteCount: sizes[outcome.path] ?? nil,
                state: outcome.state == .leftOut ? Self.leftOut : outcome.state.rawValue,
                reason: Self.reason(outcome))
        }
        // Credentials that are there have just been used.
        let isMissed = { (secret: RestoredSecret) in secret.state == .kept && secret.kind != .credentials }
        faults += outcomes.filter { $0.state == .failed || isMissed($0) }.map {
            WireError(
                .failed, node: node, "'\($0.path)' is not put back: \($0.reason ?? "\($0.state)")",
                hint: $0.state == .kept
                    ? "with '--overwrite-keys' it is, and what is there stays beside it." : nil)
        }
    }
}
