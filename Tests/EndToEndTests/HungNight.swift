// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

/// A node with data of its own, and a file system beside them that stops answering when it is told to.
struct HungNight {
    let cluster: TestCluster
    let mount: HungMount

    var node: ClusterNode { cluster.nodes[0] }

    /// Founds it, lets `configure` write its data configurations, and starts the agent.
    ///
    /// - Parameter configure: is called before the agent runs, and cannot use the mount yet but by its directory.
    static func with(
        configurations: [String] = ["daily"], configure: (HungNight) async throws -> Void,
        body: (HungNight) async throws -> Void
    ) async throws {
        let cluster = try await TestCluster(nodes: ["node01"], configurations: configurations)
        let node = cluster.nodes[0]
        var mount: HungMount?
        do {
            let (directory, backing) = ("\(node.directory)/hung", "\(node.directory)/backing")
            try await script(
                "mkdir \"$1\" \"$2\"; echo 1 >\"$2/early\"; echo 2 >\"$2/late\"; echo 3 >\"$3/file\"",
                [directory, backing, node.data])
            try await node.configure(.selfBackup, disks: ["\(node.directory)/etc"])
            try await node.start()
            let hung = try await HungMount(at: directory, showing: backing, inNamespaceOf: node.pid)
            mount = hung
            let night = HungNight(cluster: cluster, mount: hung)
            try await configure(night)
            try await body(night)
        } catch {
            await mount?.end()
            await cluster.remove()
            throw error
        }
        await mount?.end()
        await cluster.remove()
    }

    @discardableResult
    func backUp(expecting exit: Int32) async throws -> String {
        let result = try await cluster.amfleet(["backup"])
        #expect(result.exit == exit, "\(result)")
        return result.text
    }

    /// Of the agent.
    var threads: Int {
        let pid = node.pid ?? 0
        return (try? FileManager.default.contentsOfDirectory(atPath: "/proc/\(pid)/task").count) ?? 0
    }

    /// A thread of a question that has been answered may be about to end.
    func expectThreads(atMost count: Int) async throws {
        try await eventually("the agent has \(count) threads at most") { threads <= count }
    }

    /// Processes that the agent has started and not reaped, of a name.
    func children(_ name: String) -> [Int32] {
        let agent = node.pid ?? 0
        let numbers = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
        return numbers.compactMap { Int32($0) }.filter { number in
            let bytes = (try? Data(contentsOf: URL(fileURLWithPath: "/proc/\(number)/stat"))) ?? Data()
            // `pid (name) state parent …`
            let parts = String(decoding: bytes, as: UTF8.self).split(separator: ")")
            guard parts.count == 2, parts[0].hasSuffix("(\(name)") else { return false }
            return parts[1].split(separator: " ").dropFirst().first == "\(agent)"
        }
    }
}
