// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

/// One node whose one tree was backed up to volumes of every form, larger than one volume where that can be.
struct VolumesOfEveryForm: Arrangement {
    /// A configuration, and how many volumes a run of it takes at least.
    struct Form: Sendable, CustomStringConvertible {
        let kind: String
        let leastVolumeCount: Int
        let make: @Sendable (_ name: String, _ vtapes: String) -> ConfigurationPlan

        func plan(_ name: String, _ vtapes: String) -> ConfigurationPlan {
            var plan = make(name, vtapes)
            plan.tapecycle = 20
            return plan
        }

        var name: String { StockAmanda.newName(kind) }
        var description: String { kind }
    }

    static let forms = [
        // tapecycle exceeds what a run takes: stock Amanda overwrites volumes of the very run otherwise.
        Form(kind: "disk", leastVolumeCount: 3) { name, vtapes in
            var plan = ConfigurationPlan(name: name, compress: "client fast", blockSize: "64 kilobytes")
            plan.changer = [
                "tpchanger \"chg-disk:\(vtapes)\"", "property \"num-slot\" \"14\"",
                "property \"auto-create-slot\" \"yes\"",
            ]
            plan.length = "6 megabytes"
            plan.runtapes = 12
            return plan
        },
        Form(kind: "file", leastVolumeCount: 1) { name, vtapes in
            var plan = ConfigurationPlan(name: name, blockSize: "32 kilobytes")
            plan.changer = [
                "tpchanger \"chg-multi:{file:\(vtapes)/a,file:\(vtapes)/b}\"",
                "changerfile \"\(vtapes)/state\"",
            ]
            return plan
        },
        Form(kind: "multipart", leastVolumeCount: 2) { name, _ in
            var plan = ConfigurationPlan(
                name: name, compress: "client fast", partSize: "10 megabytes", blockSize: "5 megabytes")
            plan.globalLines = ["device-property \"ENFORCE_MAX_VOLUME_USAGE\" \"YES\""]
            plan.length = "40 megabytes"
            // With four stock Amanda calls every such volume full before its first byte.
            plan.uploadThreads = 1
            plan.runtapes = 4
            return plan
        },
        Form(kind: "blocks", leastVolumeCount: 4) { name, _ in
            var plan = ConfigurationPlan(
                name: name, compress: "client fast", partSize: "3 megabytes", blockSize: "512 kilobytes",
                isMultipart: false)
            plan.globalLines = ["device-property \"ENFORCE_MAX_VOLUME_USAGE\" \"YES\""]
            plan.length = "12 megabytes"
            plan.runtapes = 9
            return plan
        },
    ]

    let cluster: TestCluster
    let backup: CommandResult
    let data: TreeManifest

    var node: ClusterNode { cluster.nodes[0] }

    static func arrange() async throws -> VolumesOfEveryForm {
        let cluster = try await TestCluster(nodes: ["node01"], configurations: forms.map(\.name))
        do {
            let node = cluster.nodes[0]
            try await SourceTree.make("\(node.data)/tree", bytes: 4 << 20)
            try await SourceTree.writeFile("\(node.data)/noise", mebibytes: 42, randomMebibytes: 42)
            try await cluster.configure([])  // the self-backup
            for form in forms { try await configure(form, name: form.name, cluster) }
            try await cluster.startAgents()
            let backup = try await cluster.amfleet(["backup"])
            return VolumesOfEveryForm(
                cluster: cluster, backup: backup, data: try await TreeManifest(of: node.data))
        } catch {
            await cluster.remove()
            throw error
        }
    }

    /// With a place for its volumes that is Amanda's.
    static func configure(_ form: Form, name: String, _ cluster: TestCluster) async throws {
        let vtapes = vtapes(name, cluster)
        try await script(
            "mkdir -p \"$1\"/a/data \"$1\"/b/data; chown -R backup:backup \"$1\"; chmod 755 \"$1\"", [vtapes])
        try await cluster.nodes[0].configure(form.plan(name, vtapes), disks: [cluster.nodes[0].data])
    }

    static func vtapes(_ name: String, _ cluster: TestCluster) -> String {
        "\(cluster.directory)/vtapes-\(name)"
    }

    func amanda(_ configuration: String) async throws -> StockAmanda {
        try await StockAmanda(configuration, of: node, work: "\(cluster.directory)/stock")
    }

    func remove() async { await cluster.remove() }
}

extension EndToEnd {
    /// Stock Amanda and amfleet on each other's volumes, whatever these are.
    @Suite(
        .serialized, .needs(Machine.cluster + Machine.amanda), .arranged(VolumesOfEveryForm.self),
        .timeLimit(.minutes(8)))
    struct VolumeTests {
        @Test func `the backup is complete`() throws {
            let backup = try Arranged.as(VolumesOfEveryForm.self).backup
            #expect(backup.exit == 0, "\(backup)")
        }

        @Test func `status and show ask the node of what lies in its directories`() async throws {
            let made = try Arranged.as(VolumesOfEveryForm.self)
            func amfleet(_ verb: String...) async throws -> String {
                try await made.cluster.amfleet(verb).output
            }
            let run = String(try await amfleet("list").split(separator: "\n")[1].prefix(14))
            let sound = try await amfleet("status")
            #expect(sound.contains("restorable on 1/1 nodes"), "\(sound)")

            let vtapes = VolumesOfEveryForm.vtapes(StockAmanda.newName("disk"), made.cluster)
            let hidden = "\(made.cluster.directory)/hidden"
            let name = try #require(
                try FileManager.default.contentsOfDirectory(atPath: "\(vtapes)/slot1").first {
                    $0.hasPrefix("00001.")
                })
            try FileManager.default.moveItem(atPath: "\(vtapes)/slot1/\(name)", toPath: hidden)
            let damaged = try await amfleet("status")
            try FileManager.default.moveItem(atPath: hidden, toPath: "\(vtapes)/slot1/\(name)")
            #expect(damaged.contains("restorable on 0/1 nodes"), "\(damaged)")
            #expect(damaged.contains("'\(vtapes)/slot1/1' is not there"), "\(damaged)")

            _ = try await made.node.stop()
            for verb in [["status"], ["show", run]] {
                let text = try await made.cluster.amfleet(verb).output
                #expect(text.contains("where only the node can look: the agent at "), "\(text)")
            }
            try await made.node.start()
            for verb in [["status"], ["show", run]] {
                let text = try await made.cluster.amfleet(verb).output
                #expect(!text.contains("only the node can look"), "\(text)")
            }
        }

        @Test(arguments: VolumesOfEveryForm.forms)
        func `amadmin finds the dump on all its volumes and amfetchdump restores it, identical`(
            form: VolumesOfEveryForm.Form
        ) async throws {
            let made = try Arranged.as(VolumesOfEveryForm.self)
            let amanda = try await made.amanda(form.name)
            defer { amanda.remove() }

            let found = try await amanda.find().split(separator: "\n").filter { $0.contains(made.node.data) }
            let fetched = try await TreeManifest(of: amanda.unpack(amanda.fetchDump(made.node.data)))
            let inventory = try await amanda.inventory()

            let labels = Set(
                found.flatMap { $0.split(separator: " ") }.filter { $0.hasPrefix("\(form.name)-") })
            #expect(labels.count >= form.leastVolumeCount, "\(found)")
            #expect(found.allSatisfy { $0.contains(" OK") }, "\(found)")
            #expect(labels.allSatisfy { inventory.contains("label \($0)") }, "\(inventory)")
            #expect(made.data.difference(from: fetched) == "")
        }

        @Test func `amrestore restores a dump from a directory, identical`() async throws {
            let made = try Arranged.as(VolumesOfEveryForm.self)
            let name = StockAmanda.newName("file")
            let amanda = try await made.amanda(name)
            defer { amanda.remove() }
            let directory = "\(VolumesOfEveryForm.vtapes(name, made.cluster))/a"

            let restored = try await TreeManifest(
                of: amanda.unpack(amanda.restore(made.node.data, directory: directory)))

            #expect(made.data.difference(from: restored) == "")
        }

        @Test(
            arguments: LongTests.whole(
                VolumesOfEveryForm.forms, or: [VolumesOfEveryForm.forms[0], VolumesOfEveryForm.forms[2]],
                leavingOut: "two of the four forms of volumes that stock Amanda writes, in VolumeTests"))
        func `amfleet restores what amdump wrote, from all its volumes`(
            form: VolumesOfEveryForm.Form
        ) async throws {
            let made = try Arranged.as(VolumesOfEveryForm.self)
            let name = StockAmanda.newName("\(form.kind)-stock")
            try await VolumesOfEveryForm.configure(form, name: name, made.cluster)
            let amanda = try await made.amanda(name)
            defer { amanda.remove() }
            try await amanda.dump()
            let found = try await amanda.find()
            let tapelist = try String(
                contentsOfFile: "\(made.node.directory(of: name))/tapelist", encoding: .utf8)
            let run = String(try #require(tapelist.split(separator: " ").first))
            #expect(tapelist.split(separator: "\n").count >= form.leastVolumeCount, "\(tapelist)")
            let file = try made.cluster.clusterFile("stock") {
                $0.set("configurations", "data", to: [name])
            }
            let target = "\(made.cluster.directory)/from-\(name)"

            let result = try await made.cluster.amfleet([
                "restore", "--cluster", file, "--run", run, "--configuration", name, "--to", target,
            ])

            #expect(result.exit == 0, "\(result)\n\(found)")
            let restored = try await TreeManifest(of: "\(target)/node01/\(name)\(made.node.data)")
            #expect(made.data.difference(from: restored) == "")
        }
    }
}
