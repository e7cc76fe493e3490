// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import Certificates
import LogOutput
import Logging

/// Which nodes have not got the list of revoked certificates, once there is one.
enum RevocationFindings {
    /// - Parameter nodes: those of the cluster, in its order.
    static func of(_ keeper: RevocationKeeper, nodes: [String]) -> [Finding] {
        guard !keeper.lists.isEmpty else { return [] }
        return nodes.compactMap { node in
            switch keeper.outcome(of: node) {
            case .has: nil
            case .unsupported:
                Finding(WireError.revocationsUnsupported(by: node), node: node)
            case .refused(let error):
                Finding(
                    .problem, node: node,
                    "it has not got the newest list of revoked certificates: \(error.message)",
                    fix: error.hint)
            case nil:
                Finding(
                    .remark, node: node, "whether it has the newest list of revoked certificates is unknown",
                    fix: "any command that reaches it brings the list.")
            }
        }
    }
}

extension Cluster {
    /// Has the bucket and this machine know the same lists, as far as the store answers: an earlier command may not have reached it.
    func shareRevocations() async {
        guard !revocations.lists.isEmpty else { return }
        let bucket = RevocationBucket(cluster: self)
        do {
            _ = try await bucket.write(over: try await bucket.read())
        } catch {
            logger.info("the list of revoked certificates was not shared", metadata: ["reason": "\(error)"])
        }
    }
}
