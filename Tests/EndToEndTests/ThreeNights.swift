// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport

/// Three nodes, the last of which gets into trouble; it has a disk beside its data that hangs when it is told to.
struct ThreeNights: Arrangement {
    let cluster: TestCluster
    let mount: HungMount

    var node: ClusterNode { cluster.nodes[2] }

    static func arrange() async throws -> ThreeNights {
        let cluster = try await TestCluster(nodes: ["node01", "node02", "node03"])
        do {
            for node in cluster.nodes { try write("of \(node.name)\n", to: "\(node.data)/file") }
            let plan = ConfigurationPlan(name: "vertica", tapecycle: 9)
            try await cluster.configure([plan])
            let node = cluster.nodes[2]
            let (directory, backing) = ("\(node.directory)/hung", "\(node.directory)/backing")
            try await script("mkdir \"$1\" \"$2\"; echo 1 >\"$2/file\"", [directory, backing])
            try await node.configure(plan, disks: [node.data, directory])
            try await cluster.startAgents()
            let mount = try await HungMount(at: directory, showing: backing, inNamespaceOf: node.pid)
            return ThreeNights(cluster: cluster, mount: mount)
        } catch {
            await cluster.remove()
            throw error
        }
    }

    func remove() async {
        await mount.end()
        await cluster.remove()
    }

    /// A backup, and the most memory that its coordinator ever had, in KiB.
    func night(_ file: String? = nil) async throws -> (result: CommandResult, peakKibibytes: Int) {
        let peak = "\(cluster.directory)/peak-\(UUID().uuidString)"
        let file = file ?? cluster.clusterFile
        let result = try await RunningProgram(
            [
                "/usr/bin/env", "python3", "-c", Self.measuring, peak, "\(Machine.programs)/amfleet",
                "backup", "--json", "--cluster", file,
            ],
            environment: ClusterNode.noCredentials, directory: cluster.coordinatorDirectory,
            output: "\(cluster.directory)/night-\(UUID().uuidString.prefix(8))"
        ).end()
        let kibibytes = Int(try String(contentsOfFile: peak, encoding: .utf8)) ?? .max
        return (result, kibibytes)
    }

    /// Runs what is named behind the first argument, and writes its VmHWM there.
    private static let measuring = """
        import os, sys
        child = os.fork()
        if child == 0: os.execv(sys.argv[2], sys.argv[2:])
        _, status, usage = os.wait4(child, 0)
        open(sys.argv[1], "w").write(str(usage.ru_maxrss))
        sys.exit(os.waitstatus_to_exitcode(status) & 255)
        """
}
