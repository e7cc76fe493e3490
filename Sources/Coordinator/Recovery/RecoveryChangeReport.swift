// SPDX-License-Identifier: Apache-2.0

public import AgentAPI
import S3

/// What `amfleet recovery add` and `rotate` have done.
public struct RecoveryChangeReport: Sendable, Encodable {
    public var cluster: String
    /// The kit that was written; nil: none.
    public var kit: String?
    /// It lies beside `cluster.json`, where it should not stay.
    public var isKitBesideFile = false
    /// The new certificate's file.
    public var certificate: String
    public var fingerprint: String
    /// Its dates.
    var term: RecoverySummary.Certificate?
    /// What was replaced; nil: nothing.
    public var replaced: Rotation?
    /// Why the coordinator is not sealed to it yet.
    public var sealError: WireError?

    private enum CodingKeys: String, CodingKey {
        case cluster, kit, isKitBesideFile, certificate, fingerprint, replaced, sealError
    }

    /// What became of what was sealed to the key that goes.
    public struct Rotation: Sendable, Encodable {
        public var fingerprint: String
        /// Objects that are sealed to the new key now.
        public var resealed = 0
        /// Objects that still only the old key opens: its kit must be kept.
        public var leftToOld: [String] = []
        /// Objects that no key opens: they are as good as lost, and keep nothing from going on.
        public var damaged: [String] = []
        public var errors: [WireError] = []
        /// The old certificate is no longer in `cluster.json`.
        public var isDone = false
    }

    /// Seals the coordinator to the certificates of now. What fails is told: the next backup does it, too.
    func sealed(_ sealing: CoordinatorSealing) async throws -> RecoveryChangeReport {
        var report = self
        do {
            _ = try await sealing.seal(always: true)
        } catch {
            try Task.checkCancellation()
            report.sealError = WireError(of: error)
        }
        return report
    }
}

extension RecoveryChangeReport: CommandReport {
    public var ending: CommandEnding {
        if let replaced, !replaced.isDone || !replaced.errors.isEmpty || !replaced.damaged.isEmpty {
            return .partial
        }
        return sealError == nil ? .complete : .partial
    }

    public var lines: [String] {
        [
            "recovery key of cluster \(cluster): its certificate is \(certificate), fingerprint \(fingerprint)"
        ] + RecoveryTerm.lines(term) + (kit.map { KitText.lines($0, isBesideFile: isKitBesideFile) } ?? [])
            + (replaced.map(Self.lines) ?? []) + sealing
    }

    private var sealing: [String] {
        guard let sealError else {
            return [
                "the coordinator's files are sealed to it now; the nodes seal theirs with the next 'amfleet backup'"
            ]
        }
        return RunLines.fault(sealError, "the coordinator is not sealed to it yet")
            // Where another coordinator has sealed, no backup does: the hint says what does.
            + (sealError.kind == .busy ? [] : ["the next 'amfleet backup' seals it"])
    }

    private static func lines(_ rotation: Rotation) -> [String] {
        var lines = rotation.errors.flatMap { RunLines.fault($0, "not sealed anew") }
        if rotation.resealed > 0 {
            lines.append("sealed anew: \(Quantity.count(rotation.resealed, "object")) of the nodes")
        }
        if !rotation.leftToOld.isEmpty {
            lines.append(
                "only the old key opens \(Quantity.count(rotation.leftToOld.count, "object")) of the nodes: keep its kit as long as runs of then are to be "
                    + "restored, or run 'amfleet recovery rotate --recovery-key OLDKIT --new-kit KIT', with the new kit"
            )
        }
        if !rotation.damaged.isEmpty {
            lines.append(
                "no key opens what lies at \(rotation.damaged.joined(separator: ", ")): it is damaged, or somebody else has put it there"
            )
            lines.append(
                "hint: 'amfleet recovery check --recovery-key KIT' says what the nodes have besides; delete what is damaged."
            )
        }
        lines.append(
            !rotation.isDone
                ? "the old key stays in cluster.json until everything is sealed anew: run it again"
                : !rotation.errors.isEmpty
                    ? "not everything is sealed anew: run it again with the old kit"
                    : "the old key (\(rotation.fingerprint)) opens nothing that is sealed from now on; what somebody has copied before it does"
        )
        return lines
    }
}

/// What is said of a new kit.
enum KitText {
    static func lines(_ path: String, isBesideFile: Bool) -> [String] {
        [
            "the recovery kit is \(path): print it, and keep it where nothing else of the cluster is;",
            "with it and the bucket everything comes back, and without it nothing that is sealed",
        ]
            + (isBesideFile
                ? ["move it away from this machine: whoever gets in here must not find it"] : [])
    }
}

enum RunLines {
    /// A fault with its hint.
    static func fault(_ error: WireError, _ what: String) -> [String] {
        ["\(what): \(error.headline)"] + (error.hint.map { ["hint: \($0)"] } ?? [])
    }
}
