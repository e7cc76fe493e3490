// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

extension EndToEnd {
    /// A name server that never answers costs whoever has a name that is asked for there, and nobody else.
    @Suite(.serialized, .needs(Machine.cluster + ["unshare", "mount"]), .timeLimit(.minutes(9)))
    struct SilentResolverTests {
        @Test func `a node whose name nobody knows keeps no other from its answer`() async throws {
            let cluster = try await TestCluster(nodes: ["node01", "node02"])
            do {
                try await cluster.configure([ConfigurationPlan(name: "vertica")], on: [cluster.nodes[0]])
                try await cluster.nodes[0].start()
                let file = try cluster.clusterFile("named") { settings in
                    var nodes = settings["nodes"] as? [[String: Any]] ?? []
                    nodes[1]["address"] = "node02.example.com:7483"
                    settings["nodes"] = nodes
                }
                let resolver = try SilentResolver()
                // Two attempts of 25 seconds for each name.
                let resolverFile = "\(cluster.directory)/resolv.conf"
                try write(
                    "nameserver \(resolver.address)\noptions timeout:25 attempts:2\n", to: resolverFile)
                let start = ContinuousClock.now
                let status = try await RunningProgram(
                    [
                        "/usr/bin/unshare", "--mount", "sh", "-c",
                        "mount --bind \"$1\" /etc/resolv.conf && exec \"$2\" status --cluster \"$3\"", "sh",
                        resolverFile, "\(Machine.programs)/amfleet", file,
                    ],
                    environment: ClusterNode.noCredentials, directory: cluster.coordinatorDirectory,
                    output: "\(cluster.directory)/status"
                ).end()
                #expect(ContinuousClock.now - start < .seconds(48), "\(status)")
                #expect(status.exit == 7, "\(status)")
                #expect(status.text.contains(/node01 +ok/), "\(status)")
                #expect(status.text.contains(/node02 +no answer/), "\(status)")
                #expect(resolver.wasAsked, "\(status)")
            } catch {
                await cluster.remove()
                throw error
            }
            await cluster.remove()
        }
    }
}

/// A name server that hears and says nothing, at an address of this machine's own.
private final class SilentResolver {
    let address = "127.53.53.53"
    private let descriptor: Int32

    /// Needs root: the port is 53.
    init() throws {
        descriptor = socket(AF_INET, Int32(SOCK_DGRAM.rawValue), 0)
        var place = sockaddr_in()
        place.sin_family = sa_family_t(AF_INET)
        place.sin_port = in_port_t(53).bigEndian
        inet_pton(AF_INET, address, &place.sin_addr)
        let status = withUnsafePointer(to: &place) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard status == 0 else { throw POSIXError(.EADDRINUSE) }
    }

    deinit { close(descriptor) }

    /// Whether a question lies there.
    var wasAsked: Bool {
        var buffer = [UInt8](repeating: 0, count: 512)
        return recv(descriptor, &buffer, buffer.count, Int32(MSG_DONTWAIT)) > 0
    }
}
