// SPDX-License-Identifier: Apache-2.0

public import AgentAPI
import BlockingWork
import Catalog

/// `amfleetd adopt`: disks of host names that this machine has lost go on as `localhost`'s, in every configuration of the node.
public struct NodeAdoption: Sendable {
    private let settings: AgentSettings
    private let isDryRun: Bool

    /// - Parameters:
    ///   - node: its name in the cluster, which counts as one of the machine's names.
    ///   - isDryRun: only say which there are.
    public init(node: String, amandaDirectory: String, isDryRun: Bool) {
        settings = AgentSettings(
            node: node, cluster: "", listen: .init(host: "127.0.0.1", port: 0),
            tls: .init(authority: "", certificate: "", privateKey: ""), storage: .init(),
            amandaDirectory: amandaDirectory)
        self.isDryRun = isDryRun
    }

    /// - Returns: what was found or done, a line each, and what could not be done or looked at.
    public func run() async throws -> (lines: [String], faults: [WireError]) {
        let (outcomes, unread) = try await runBlocking("adoption", asking: [settings.amandaDirectory]) {
            [settings, isDryRun] in
            let adoption = HostAdoption(settings: settings)
            let names = ConfigurationDirectory.all(in: settings.amandaDirectory)
            guard !names.isEmpty else { return ([HostAdoption.Outcome](), [nothing]) }
            return (isDryRun ? adoption.look(at: names) : adoption.adopt(names), adoption.unread(names))
        }
        return (outcomes.flatMap(\.remarks), outcomes.compactMap(\.fault) + unread)
    }

    private var nothing: WireError {
        WireError(
            .configuration, node: settings.node, "no configuration lies in '\(settings.amandaDirectory)'",
            hint: "name the directory of Amanda's configurations with '--amanda-directory DIR'.")
    }
}
