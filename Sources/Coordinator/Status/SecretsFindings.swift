// SPDX-License-Identifier: Apache-2.0

import AgentAPI

/// Whether the secrets that a restore of a node needs are sealed as they are now, to whom they should be.
enum SecretsFindings {
    /// Names that are told of one node.
    private static let nameLimit = 5

    /// - Parameters:
    ///   - state: of what the node has sealed; nil: nobody knows.
    ///   - hasEverRun: before the first run there is nothing that anybody could read with them.
    static func of(
        _ status: NodeStatus?, node: String, _ state: SecretsFacts.State?, hasEverRun: Bool
    ) -> [Finding] {
        guard let secrets = status?.secrets else { return [] }
        let problems = NodeRecord.bounded(secrets.problems.map { Finding($0, node: node) }, to: 20) {
            Finding(.problem, node: node, "\($0) problems with keys")
        }
        let remarks = [secrets.unsealedCredentials].compactMap(\.self).map {
            Finding(.remark, node: node, $0.text)
        }
        if secrets.run == nil, case .forgotten(let run) = state {
            return problems + remarks + [
                Finding(
                    .remark, node: node,
                    "it does not know whether its secrets are as run \(run) has sealed them: its state was lost since",
                    fix: "'amfleet backup' seals them.")
            ]
        }
        let what = secrets.run == nil ? (hasEverRun ? unsealed(state) : nil) : fault(secrets, state)
        return problems + remarks
            + [what].compactMap(\.self).map {
                Finding(.problem, node: node, $0, fix: "'amfleet backup' seals them.")
            }
    }

    /// Of a node that remembers nothing.
    private static func unsealed(_ state: SecretsFacts.State?) -> String {
        guard case .unknown(let reason) = state else {
            return "the secrets that a restore of it needs are not sealed"
        }
        return "whether the secrets that a restore of it needs are sealed is unknown: \(reason)"
    }

    private static func fault(_ secrets: NodeSecrets, _ state: SecretsFacts.State?) -> String? {
        switch state {
        case .gone: return "what it has sealed of its secrets is not in the bucket any more"
        case .damaged: return "what lies in the bucket as its sealed secrets is damaged"
        case .replaced: return "what lies in the bucket as its sealed secrets is not what it has put there"
        case .toOthers:
            return "its secrets are not sealed to every recovery certificate that cluster.json names"
        case .unknown(let reason):
            return "what lies in the bucket as its sealed secrets cannot be looked at: \(reason)"
        case .sealed, .forgotten, nil: break
        }
        guard !secrets.changed.isEmpty else { return nil }
        let names = secrets.changed.prefix(nameLimit).map { "'\($0)'" }.joined(separator: ", ")
        let more = secrets.changed.count - nameLimit
        return "not as it was sealed: \(names)\(more > 0 ? " and \(more) more" : "")"
    }
}
