// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

extension EndToEnd {
    /// An agent that may have 256 files and connections open, and seven hundred strangers who want them all.
    @Suite(.serialized, .needs(Machine.cluster + ["python3", "prlimit"]), .timeLimit(.minutes(9)))
    struct FewDescriptorsTests {
        @Test func `strangers keep neither the coordinator out nor a backup from its end`() async throws {
            let cluster = try await TestCluster(nodes: ["node01"])
            do {
                try await backUpAmongStrangers(cluster)
            } catch {
                await cluster.remove()
                throw error
            }
            await cluster.remove()
        }

        @Test(.long) func `an agent that has no descriptors left says so, and nothing else`() async throws {
            let cluster = try await TestCluster(nodes: ["node01"])
            do {
                try await askWithoutDescriptors(cluster)
            } catch {
                await cluster.remove()
                throw error
            }
            await cluster.remove()
        }

        private func askWithoutDescriptors(_ cluster: TestCluster) async throws {
            let node = cluster.nodes[0]
            try write("of node01\n", to: "\(node.data)/file")
            try await cluster.configure([ConfigurationPlan(name: "vertica")])
            try await cluster.startAgents()
            try cluster.expectSuccess(try await cluster.amfleet(["backup"]))
            let pid = try #require(node.pid)
            let open = try FileManager.default.contentsOfDirectory(atPath: "/proc/\(pid)/fd").compactMap(
                Int.init)
            let highest = open.max() ?? 0
            // Closed ones leave room below the highest. The connection gets one; at some limit there is none for tar's pipes.
            var said = ""
            for limit in stride(from: highest + 6, to: 10, by: -2) where !said.contains("GNU tar") {
                try await script("prlimit --pid \"$1\" --nofile=\"$2\":", ["\(pid)", "\(limit)"])
                said = try await cluster.amfleet(["status"]).text
            }
            #expect(said.contains("GNU tar could not be run"), "\(said)")
            #expect(said.contains("no file descriptors left (this process may have"), "\(said)")
            #expect(said.contains("LimitNOFILE="), "\(said)")
            for wrong in ["not installed", "authentication", "amfleet node renew"] {
                #expect(!said.contains(wrong), "\(said)")
            }
            try await script("prlimit --pid \"$1\" --nofile=1024:", ["\(pid)"])
            try cluster.expectSuccess(try await cluster.amfleet(["backup"]))
        }

        private func backUpAmongStrangers(_ cluster: TestCluster) async throws {
            let node = cluster.nodes[0]
            try await SourceTree.writeFile("\(node.data)/noise", mebibytes: 48, randomMebibytes: 2)
            try await cluster.configure([ConfigurationPlan(name: "vertica", compress: "client fast")])
            try await node.start(through: ["/bin/sh", "-c", "ulimit -n 256; exec \"$@\"", "sh"])
            let crowd = try RunningProgram(
                ["/usr/bin/python3", "-c", Self.crowd, "\(node.port)"], output: "\(cluster.directory)/crowd")
            try await eventually("the crowd is there: \(crowd.text)") { crowd.text.contains("there") }

            let backup = try await cluster.amfleet(["backup"])
            #expect(backup.exit == 0, "\(backup)")
            let status = try await cluster.amfleet(["status"])
            #expect(!status.text.contains("not installed"), "\(status)")
            #expect(!status.text.contains("no answer"), "\(status)")
            #expect(crowd.isRunning)
            await crowd.kill()
        }

        /// Five hundred say nothing, two hundred half a hello; whoever is let go of comes back.
        private static let crowd = #"""
            import selectors, socket, ssl, sys, time
            port, selector = int(sys.argv[1]), selectors.DefaultSelector()
            context = ssl._create_unverified_context()
            def hello():
                i, o = ssl.MemoryBIO(), ssl.MemoryBIO()
                t = context.wrap_bio(i, o, server_hostname="node01.demo")
                try: t.do_handshake()
                except ssl.SSLWantReadError: pass
                return o.read()
            half = hello()[:100]
            def come(speaks):
                s = socket.create_connection(("127.0.0.1", port), timeout=10)
                if speaks: s.sendall(half)
                s.setblocking(False)
                selector.register(s, selectors.EVENT_READ, speaks)
            for number in range(700): come(number % 7 < 2)
            print("there", flush=True)
            while True:
                for key, _ in selector.select(1):
                    selector.unregister(key.fileobj); key.fileobj.close()
                    time.sleep(0.1)
                    try: come(key.data)
                    except OSError: pass
            """#
    }
}
