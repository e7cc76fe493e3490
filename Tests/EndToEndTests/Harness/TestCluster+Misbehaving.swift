// SPDX-License-Identifier: Apache-2.0

import TestSupport

extension TestCluster {
    /// Has the coordinator reach the node through an agent that says what the test wants, before the node's real one. The caller
    /// stops it.
    ///
    /// - Parameter hasReal: whether there is a real one behind it.
    func misbehave(
        _ node: ClusterNode, hasReal: Bool = true,
        _ answer: @escaping @Sendable (AgentQuestion) async -> AgentAnswer
    ) async throws -> MisbehavingAgent {
        let folder = "\(node.directory)/agent"
        let agent = try await MisbehavingAgent.start(
            node: node.name,
            identity: TestIdentity(
                authority: "\(folder)/ca.pem", certificate: "\(folder)/\(node.name).pem",
                privateKey: "\(folder)/\(node.name).key"),
            before: hasReal ? node.port : nil,
            coordinator: TestIdentity(
                authority: "\(coordinatorDirectory)/ca.pem",
                certificate: "\(coordinatorDirectory)/coordinator.pem",
                privateKey: "\(coordinatorDirectory)/coordinator.key"), answer)
        try readdress(node, port: agent.port)
        return agent
    }

    /// The coordinator reaches the node itself again.
    func behave(_ node: ClusterNode) throws {
        try readdress(node, port: node.port)
    }

    private func readdress(_ node: ClusterNode, port: Int) throws {
        try changeJSON(clusterFile) { settings in
            let nodes = settings["nodes"] as? [[String: Any]] ?? []
            settings["nodes"] = nodes.map { entry in
                var entry = entry
                if entry["name"] as? String == node.name { entry["address"] = "127.0.0.1:\(port)" }
                return entry
            }
        }
    }
}
