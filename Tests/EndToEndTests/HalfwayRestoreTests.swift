// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

/// Two disks of two levels each, behind a proxy that can hold a restore anywhere.
struct HalfwayCluster: Arrangement {
    static let plan = ConfigurationPlan(
        name: StockAmanda.newName("halfway"), partSize: "5 megabytes", blockSize: "5 megabytes", dumpcycle: 7,
        isRecorded: true, dumptypeLines: ["maxpromoteday 0"])

    let cluster: TestCluster
    let proxy: FaultyProxy
    let file: String

    var node: ClusterNode { cluster.nodes[0] }
    /// Restored in this order.
    var disks: [String] { ["\(node.data)/first", "\(node.data)/second"] }

    static func arrange() async throws -> HalfwayCluster {
        let cluster = try await TestCluster(nodes: ["node01"], configurations: [plan.name])
        do {
            let node = cluster.nodes[0]
            let disks = ["\(node.data)/first", "\(node.data)/second"]
            for disk in disks {
                try await script(
                    "mkdir -p \"$1/becomes\" \"$1/stays\"; echo a > \"$1/changes\"; echo b > \"$1/goes\"; echo c > \"$1/becomes/x\"",
                    [disk])
            }
            try await SourceTree.writeFile("\(disks[1])/noise", mebibytes: 12, randomMebibytes: 12)
            try await node.configure(plan, disks: disks)
            try await node.configure(.selfBackup, disks: ["\(node.directory)/etc"])
            try await cluster.startAgents()
            let proxy = try FaultyProxy(to: cluster.store.port)
            let file = try cluster.clusterFile("held") {
                $0.set("storage", "endpoint", to: proxy.endpoint)
                $0.set("limits", "agentLost", to: "10s")
            }
            let made = HalfwayCluster(cluster: cluster, proxy: proxy, file: file)
            try cluster.expectSuccess(try await cluster.amfleet(["backup"]))
            for disk in disks {
                try await script(
                    "cd \"$1\"; echo changed > changes; rm goes; rm -r becomes; echo file > becomes; mkdir -p .amfleet-restore; "
                        + "echo left > .amfleet-restore/left", [disk])
            }
            try cluster.expectSuccess(try await cluster.amfleet(["backup"]))
            for disk in disks { try FileManager.default.removeItem(atPath: "\(disk)/.amfleet-restore") }
            return made
        } catch {
            await cluster.remove()
            throw error
        }
    }

    func restore(_ target: String, _ more: [String] = []) -> [String] {
        ["restore", "--cluster", file, "--configuration", Self.plan.name, "--to", target] + more
    }

    func top(_ target: String, _ disk: String) -> String { "\(target)/node01/\(Self.plan.name)\(disk)" }

    /// The restore stands still in the second disk's data when this returns.
    func hold(_ target: String) async throws -> RunningProgram {
        proxy.inject(.stallAnswer(after: 1 << 20), method: "GET", target: "f00000002", skip: 1)
        let running = try cluster.startAmfleet(restore(target))
        do {
            try await eventually("the restore is half way: \(running.text)") {
                FileManager.default.fileExists(atPath: "\(top(target, disks[1]))/.amfleet-restore")
                    && FileManager.default.fileExists(atPath: "\(top(target, disks[0]))/changes")
            }
        } catch {
            await running.kill()
            throw error
        }
        return running
    }

    func expectWhole(_ target: String) async throws {
        for disk in disks {
            let before = try await TreeManifest(of: disk)
            let restored = try await TreeManifest(of: top(target, disk))
            #expect(before.difference(from: restored, except: ["'.'"]) == "")
        }
    }

    func remove() async {
        proxy.refuse()
        await cluster.remove()
    }
}

extension EndToEnd {
    /// A restore that did not end is gone on with by the same command, and leaves nothing of its own in the data.
    @Suite(
        .serialized, .needs(Machine.cluster), .arranged(HalfwayCluster.self), .timeLimit(.minutes(9)))
    struct HalfwayRestoreTests {
        @Test
        func `an agent that is killed half way leaves no staging, and the same command ends the restore`()
            async throws
        {
            let made = try Arranged.as(HalfwayCluster.self)
            let target = "\(made.cluster.directory)/killed"
            let running = try await made.hold(target)
            await made.node.kill()
            let lost = try await running.end()
            #expect(lost.exit == 1, "\(lost)")
            made.proxy.clear()

            try await made.node.start()
            let staging = "\(made.top(target, made.disks[1]))/.amfleet-restore"
            #expect(!FileManager.default.fileExists(atPath: staging))
            let other = try await made.cluster.amfleet(made.restore(target, ["--ignore-room"]))
            #expect(other.exit == 1 && other.text.contains("--overwrite"), "\(other)")
            let again = try await made.cluster.amfleet(made.restore(target))

            #expect(again.exit == 0, "\(again)")
            #expect(again.text.contains("note: \(made.disks[0]): restored by an earlier attempt"), "\(again)")
            #expect(
                !again.text.contains("note: \(made.disks[1]): restored by an earlier attempt"), "\(again)")
            try await made.expectWhole(target)

            let anew = try await made.cluster.amfleet(made.restore(target))
            #expect(anew.exit == 1 && anew.text.contains("is not empty"), "\(anew)")
        }

        @Test func `a restore that was cancelled goes on with the same command`() async throws {
            let made = try Arranged.as(HalfwayCluster.self)
            let target = "\(made.cluster.directory)/cancelled"
            let running = try await made.hold(target)
            running.send(SIGINT)
            let cancelled = try await running.end()
            #expect(cancelled.exit == 130, "\(cancelled)")
            made.proxy.clear()

            let again = try await made.cluster.amfleet(made.restore(target))

            #expect(again.exit == 0, "\(again)")
            #expect(again.text.contains("restored by an earlier attempt"), "\(again)")
            try await made.expectWhole(target)
        }

        @Test func `a restore that another terminal cancels ends as cancelled in the first, too`()
            async throws
        {
            let made = try Arranged.as(HalfwayCluster.self)
            made.proxy.inject(.stallAnswer(after: 1 << 20), method: "GET", target: "f00000003-mp.data")
            let running = try await made.hold("\(made.cluster.directory)/cancelled-elsewhere")
            let cancel = try await made.cluster.amfleet(["cancel"])
            let cancelled = try await running.end()
            made.proxy.clear()

            #expect(cancel.exit == 0, "\(cancel)")
            #expect(cancelled.exit == 130, "\(cancelled)")
        }

        @Test func `a dump never has what a restore was putting together`() async throws {
            let made = try Arranged.as(HalfwayCluster.self)
            let target = "\(made.cluster.directory)/excluded"

            let result = try await made.cluster.amfleet(made.restore(target))

            #expect(result.exit == 0, "\(result)")
            for disk in made.disks {
                #expect(!FileManager.default.fileExists(atPath: "\(made.top(target, disk))/.amfleet-restore"))
            }
        }
    }
}
