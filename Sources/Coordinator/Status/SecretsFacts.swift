// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import AmandaFormat
import Digest
import S3
import Sealing

/// What lies in the bucket of the secrets that nodes say they have sealed, as far as it shows without a recovery key.
struct SecretsFacts: Sendable {
    enum State: Sendable, Equatable {
        /// To every certificate of `cluster.json`.
        case sealed
        /// There is nothing of that name.
        case gone
        /// Not to all of them.
        case toOthers
        /// The object is no sealed one.
        case damaged
        /// It is one, and not the one that the node has put there.
        case replaced
        /// The node remembers none, as after the loss of its state; the newest that is there.
        case forgotten(RunName)
        /// Nobody lets us look, with the reason.
        case unknown(String)
    }

    private static let objectByteCountLimit = 32 << 20

    /// By node; none of one that has sealed nothing, or of which nobody knows.
    private(set) var states: [String: State] = [:]
    /// Those to whose questions the store as a whole did not answer: where it answers nothing at all, that is told once.
    private(set) var silent: Set<String> = []

    /// One request a node. After a rotation of the recovery key the object says more than the node's memory: it was sealed anew without
    /// the node.
    ///
    /// - Parameters:
    ///   - nodes: what each says of itself.
    ///   - recorded: what the newest set's records say of the objects.
    /// - Throws: `CancellationError` only.
    init(
        _ bucket: ClusterBucket, _ nodes: [String: NodeSecrets], to recipients: [RecoveryCertificate],
        recorded: [String: SealedNeeds] = [:]
    ) async throws {
        guard !recipients.isEmpty else { return }
        let outcomes = try await onEveryNode(nodes.keys.sorted()) { node -> State? in
            guard let version = nodes[node]?.version else {
                return try await Self.newest(of: node, in: bucket).map(State.forgotten)
            }
            return try await Self.state(
                of: node, version, in: bucket, to: recipients,
                recorded: recorded[node]?.objects[version])
        }
        for outcome in outcomes {
            states[outcome.node] =
                outcome.report.flatMap(\.self) ?? outcome.error.map { State.unknown($0.message) }
            if outcome.error?.reach == .wholeStore { silent.insert(outcome.node) }
        }
    }

    /// One version, looked at.
    ///
    /// - Parameter recorded: what the node says of it; nil: nobody knows.
    /// - Throws: where the store as a whole does not answer, and `CancellationError`.
    static func state(
        of node: String, _ version: SealedVersion, in bucket: ClusterBucket,
        to recipients: [RecoveryCertificate], recorded: SealedRecord? = nil
    ) async throws -> State {
        let key = bucket.layout.nodeSecrets(node, version)
        do {
            guard let found = try await bucket.object(key, limit: objectByteCountLimit) else { return .gone }
            return state(found.bytes, recipients, recorded)
        } catch {
            try Task.checkCancellation()
            let fault = WireError(of: error)
            guard fault.reach != .wholeStore else { throw fault }
            return .unknown(fault.message)
        }
    }

    private static func newest(of node: String, in bucket: ClusterBucket) async throws -> RunName? {
        try await SealedVersion.all(of: node, in: bucket).versions.max()?.run
    }

    static func state(
        _ der: [UInt8], _ recipients: [RecoveryCertificate], _ recorded: SealedRecord? = nil
    ) -> State {
        do throws(SealingError) {
            for recipient in recipients where try !Envelope.isSealed(der, to: recipient) { return .toOthers }
            // A rotation of the recovery key seals it anew without the node, and to others than are recorded.
            if let recorded, Set(recorded.recipients) == Set(recipients.map(\.fingerprint)),
                SHA256.digest(der).hexadecimal != recorded.sha256
            {
                return .replaced
            }
            return .sealed
        } catch {
            return .damaged
        }
    }
}
