// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import S3
import Sealing

/// The versions of a node's sealed secrets without which an empty machine cannot read what a run holds of it, as the node's records say.
///
/// A version whose every key is in a newer one is not needed; what an increment builds on may have been made with other keys than it.
struct SealedNeeds: Sendable, Equatable {
    /// Records of earlier runs that are read for one node: more than a rotation has, as a rule. Each of them holds objects of the set, by
    /// which the requests of `status` are bounded.
    private static let baseLimit = 64

    /// Each with the newest run whose data need it.
    private(set) var versions: [SealedVersion: RunName] = [:]
    /// What the node has said of the objects that it put there.
    private(set) var objects: [SealedVersion: SealedRecord] = [:]
    /// Runs that increments build on and of which nobody knows what they need, with the reason.
    private(set) var unread: [RunName: String] = [:]

    /// A request for each run that encrypted increments build on.
    ///
    /// - Parameter other: the node's record of another run; nil: there is none.
    init(
        _ record: NodeRecord, other: @Sendable (RunName) async throws -> NodeRecord?
    ) async throws {
        guard let secrets = record.secrets else { return }
        let superseded = Set(secrets.supersedes ?? [])
        func need(_ version: SealedVersion?, of run: RunName) {
            guard let version, !superseded.contains(version) else { return }
            versions[version] = max(versions[version] ?? run, run)
        }
        need(secrets.version, of: record.run)
        if let version = secrets.version { objects[version] = secrets }
        var others: [RunName: NodeRecord?] = [:]
        let holdsKeys = secrets.files.contains { $0.kind == .encryption }
        for configuration in record.configurations {
            for dump in configuration.dumps where dump.status.isUsable || dump.status == .skipped {
                need(dump.sealed, of: record.run)
                guard dump.sealed != nil || (dump.status == .skipped && holdsKeys) else { continue }
                for base in dump.bases ?? [] where base.run < record.run {
                    if others[base.run] == nil {
                        guard others.count < Self.baseLimit else {
                            unread[base.run] = "no more than \(Self.baseLimit) earlier runs are looked at"
                            continue
                        }
                        do {
                            others[base.run] = .some(try await other(base.run))
                        } catch {
                            try Task.checkCancellation()
                            others[base.run] = .some(nil)
                            unread[base.run] = "its record cannot be read: \(WireError(of: error).message)"
                        }
                        if let secrets = others[base.run]??.secrets, let version = secrets.version {
                            objects[version] = secrets
                        }
                    }
                    let below = others[base.run]??.configurations.first { $0.name == configuration.name }?
                        .dumps.last { $0.host == dump.host && $0.disk == dump.disk && $0.level == base.level }
                    need(below?.sealed, of: base.run)
                }
            }
        }
    }

    /// What lies in the bucket of each; of one that was looked at already nothing is said. A request each.
    ///
    /// - Throws: where the store as a whole does not answer, and `CancellationError`.
    func states(
        of node: String, in bucket: ClusterBucket, to recipients: [RecoveryCertificate],
        besides known: SealedVersion?
    ) async throws -> [(version: SealedVersion, run: RunName, state: SecretsFacts.State)] {
        var found: [(version: SealedVersion, run: RunName, state: SecretsFacts.State)] = []
        for (version, run) in versions.sorted(by: { $0.key < $1.key }) where version != known {
            let state = try await SecretsFacts.state(
                of: node, version, in: bucket, to: recipients, recorded: objects[version])
            found.append((version, run, state))
        }
        return found
    }
}

extension SecretsFindings {
    /// Of runs that the newest set builds on and whose records could not be asked which keys they need.
    static func of(unread runs: [RunName: String], node: String) -> [Finding] {
        runs.sorted { $0.key < $1.key }.map { run, reason in
            Finding(
                .problem, node: node,
                "which sealed secrets its data of run \(run) need is not known: \(reason)",
                fix:
                    "'amfleet show \(run)' says what can be read; a new full dump needs the keys of now alone."
            )
        }
    }

    /// Of what the newest set needs, where nobody could look.
    static func unknown(_ error: WireError, node: String) -> Finding {
        Finding(
            .problem, node: node,
            "whether the sealed secrets that its data need are in the bucket is unknown: \(error.message)",
            fix: error.hint ?? "ask again when it can be looked at.")
    }

    /// Of versions that the newest set needs besides what the node itself remembers.
    static func of(
        _ version: SealedVersion, neededBy run: RunName, _ state: SecretsFacts.State, node: String,
        key: String
    ) -> Finding? {
        let what = "'\(key)', which holds the secrets that its data of run \(run) need,"
        let fix = "keep a copy of this node's keys elsewhere; 'amfleet backup' seals those that it has now."
        switch state {
        case .sealed, .forgotten: return nil
        case .gone: return Finding(.problem, node: node, "\(what) is not in the bucket any more", fix: fix)
        case .damaged: return Finding(.problem, node: node, "\(what) is damaged", fix: fix)
        case .replaced:
            return Finding(.problem, node: node, "\(what) is not what the node has put there", fix: fix)
        case .toOthers:
            return Finding(
                .remark, node: node,
                "\(what) is not sealed to every recovery certificate that cluster.json names",
                fix: "keep the kits of the recovery keys before as well.")
        case .unknown(let reason):
            return Finding(
                .problem, node: node, "\(what) cannot be looked at: \(reason)",
                fix: "ask again when it can be looked at.")
        }
    }
}
