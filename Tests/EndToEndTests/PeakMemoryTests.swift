// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

extension EndToEnd {
    /// Memory is a formula (`Docs/OPERATIONS.md`, "Memory"), also when the store is slower than everything else.
    @Suite(
        .serialized, .long, .needs(Machine.cluster), .arranged(WideCluster.self), .timeLimit(.minutes(15)))
    struct PeakMemoryTests {
        static let limitKibibytes = 256 << 10

        @Test func `an agent stays under 256 MiB when every buffer fills`() async throws {
            let made = try Arranged.as(WideCluster.self)
            let agent = try #require(made.cluster.nodes[0].pid)

            // Slow at first: the buffers fill, and stay full; then as fast as the machine can.
            made.proxy.setRate(bytesPerSecond: 12 << 20)
            let backup = try made.cluster.startAmfleet(["backup", "--cluster", made.slowFile])
            try await eventually("data pass: \(backup.text)") {
                made.proxy.passedByteCount > 96 << 20 || !backup.isRunning
            }
            made.proxy.setRate(bytesPerSecond: 96 << 20)
            let result = try await backup.end(within: Duration.hang * 2)

            let peak = try peakKibibytes(of: agent)
            print("peak memory of the agent: \(peak >> 10) MiB")
            #expect(result.exit == 0, "\(result)")
            #expect(peak < Self.limitKibibytes, "VmHWM is \(peak) KiB")
            #expect(peak > 80 << 10, "VmHWM is \(peak) KiB: the buffers were never in use")
        }

        private func peakKibibytes(of process: Int32) throws -> Int {
            let status = try String(contentsOfFile: "/proc/\(process)/status", encoding: .utf8)
            let line = status.split(separator: "\n").first { $0.hasPrefix("VmHWM:") }
            return try #require(line?.split(separator: " ").dropFirst().first.flatMap { Int($0) })
        }
    }
}

/// One node with 1 GiB, half of them random, and eight upload threads of 10 MiB, behind a proxy that limits them all.
struct WideCluster: Arrangement {
    let cluster: TestCluster
    let proxy: FaultyProxy
    let slowFile: String

    static func arrange() async throws -> WideCluster {
        let cluster = try await TestCluster(nodes: ["node01"])
        do {
            try await SourceTree.writeFile(
                "\(cluster.nodes[0].data)/half", mebibytes: 1024, randomMebibytes: 2)
            var plan = ConfigurationPlan(name: "vertica", compress: "client fast")
            plan.uploadThreads = 8
            try await cluster.configure([plan])
            try await cluster.startAgents()
            let proxy = try FaultyProxy(to: cluster.store.port, mode: .opaque)
            let slowFile = try cluster.clusterFile("slow") {
                $0.set("storage", "endpoint", to: proxy.endpoint)
            }
            return WideCluster(cluster: cluster, proxy: proxy, slowFile: slowFile)
        } catch {
            await cluster.remove()
            throw error
        }
    }

    func remove() async {
        proxy.refuse()
        await cluster.remove()
    }
}
