// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

extension EndToEnd {
    /// What could not be looked at is never called complete, and what lies far back is found.
    @Suite(.serialized, .needs(Machine.cluster), .arranged(SmallCluster.self), .timeLimit(.minutes(9)))
    struct UnknownTests {
        private func object(_ name: String, _ cluster: TestCluster) async throws -> String {
            try #require(try await cluster.store.text(of: "\(TestCluster.prefix)/\(name)"))
        }

        private func newest(_ cluster: TestCluster) async throws -> String {
            String(try await cluster.amfleet(["list"]).output.split(separator: "\n")[1].prefix(14))
        }

        @Test func `a record that cannot be read makes the run unknown in every verb that looks`()
            async throws
        {
            let cluster = try Arranged.as(SmallCluster.self).cluster
            for _ in 0..<2 { try cluster.expectSuccess(try await cluster.amfleet(["backup"])) }
            let run = try await newest(cluster)
            let key = "_amfleet/runs/\(run)/nodes/node01.json"
            let record = try await object(key, cluster)
            try await cluster.store.putObject("{", "\(TestCluster.prefix)/\(key)")

            // A list says what is recorded: it reads neither records nor labels.
            let list = try await cluster.amfleet(["list"])
            #expect(list.exit == 0 && list.output.contains("\(run)  complete "), "\(list)")
            #expect(list.output.contains("as recorded; 'amfleet show RUN' looks"), "\(list)")
            let json = try await cluster.amfleet(["show", run, "--json"])
            #expect(json.output.contains("\"state\" : \"unknown\""), "\(json)")
            #expect(json.output.contains("\"result\" : \"problem\""), "\(json)")
            let show = try await cluster.amfleet(["show", run])
            #expect(show.exit == 7 && show.output.contains("demo: unknown (it ended as complete)"), "\(show)")
            #expect(show.output.contains("node01: unknown: its record cannot be read"), "\(show)")
            let status = try await cluster.amfleet(["status"])
            #expect(status.exit == 7 && status.output.contains("unknown on node01"), "\(status)")
            #expect(status.output.contains("run \(run) is kept, for it is not certain"), "\(status)")
            #expect(!status.output.contains("no self-backup of it is in the bucket"), "\(status)")
            let restore = try await cluster.amfleet(["restore", "--to", "\(cluster.directory)/unknown"])
            #expect(restore.exit == 1, "\(restore)")
            #expect(
                restore.errors.contains(
                    "whether run \(run), the newest that is complete, can be had is unknown"), "\(restore)")
            #expect(restore.errors.contains("hint: ") && restore.errors.contains("--run"), "\(restore)")

            try await cluster.store.putObject(record, "\(TestCluster.prefix)/\(key)")
            #expect(try await cluster.amfleet(["show", run]).exit == 0)
        }

        @Test func `a label that is none makes the run unknown, and a slot that cannot be read is named`()
            async throws
        {
            let cluster = try Arranged.as(SmallCluster.self).cluster
            try cluster.expectSuccess(try await cluster.amfleet(["backup"]))
            let run = try await newest(cluster)
            let volumes = try await cluster.amfleet(["volumes", "--json"])
            let text = try await object("_amfleet/runs/\(run)/nodes/node01.json", cluster)
            let record = try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any]
            let configurations = try #require(record?["configurations"] as? [[String: Any]])
            let volume = try #require((configurations[0]["volumes"] as? [[String: Any]])?.first)
            let label = "\(try #require(volume["prefix"] as? String))special-tapestart"
            let before = try #require(try await cluster.store.text(of: label))
            #expect(volumes.exit == 0, "\(volumes)")
            try await cluster.store.putObject("no label\n", label)
            let show = try await cluster.amfleet(["show", run])
            #expect(show.exit == 7 && show.output.contains("demo: unknown (it ended as "), "\(show)")
            try await cluster.store.putObject(before, label)
        }

        @Test func `a self-backup is found behind any number of runs without one`() async throws {
            let cluster = try Arranged.as(SmallCluster.self).cluster
            try cluster.expectSuccess(try await cluster.amfleet(["backup"]))
            try cluster.expectSuccess(try await cluster.amfleet(["backup", "--configuration", "vertica"]))
            let run = try await newest(cluster)
            let manifest = try await object("_amfleet/runs/\(run)/manifest.json", cluster)
            let record = try await object("_amfleet/runs/\(run)/nodes/node01.json", cluster)
            let clock = DateFormatter()
            clock.locale = Locale(identifier: "en_US_POSIX")
            clock.timeZone = TimeZone(identifier: "UTC")
            clock.dateFormat = "yyyyMMddHHmmss"
            let first = try #require(clock.date(from: run))
            let names = (1...45).map { clock.string(from: first + Double(3600 + $0)) }
            let folder = "\(cluster.directory)/runs"
            for name in names {
                let directory = "\(folder)/\(name)"
                try FileManager.default.createDirectory(
                    atPath: "\(directory)/nodes", withIntermediateDirectories: true)
                try write(
                    manifest.replacingOccurrences(of: run, with: name), to: "\(directory)/manifest.json")
                try write(
                    record.replacingOccurrences(of: run, with: name), to: "\(directory)/nodes/node01.json")
            }
            let place = "s3://\(ClusterStore.bucket)/\(TestCluster.prefix)/_amfleet/runs/"
            let copied = try await cluster.store.aws("s3", "cp", "--quiet", "--recursive", folder, place)
            #expect(copied.exit == 0, "\(copied)")

            let status = try await cluster.amfleet(["status"])

            let keys = names.flatMap { name in
                ["manifest.json", "nodes/node01.json"].map {
                    ["Key": "\(TestCluster.prefix)/_amfleet/runs/\(name)/\($0)"]
                }
            }
            try JSONSerialization.data(withJSONObject: ["Objects": keys, "Quiet": true])
                .write(to: URL(fileURLWithPath: "\(folder)/keys"))
            let removed = try await cluster.store.aws(
                "s3api", "delete-objects", "--bucket", ClusterStore.bucket, "--delete",
                "file://\(folder)/keys")
            #expect(removed.exit == 0, "\(removed)")
            #expect(!status.text.contains("no self-backup"), "\(status)")
            let row = status.output.split(separator: "\n").first { $0.hasPrefix("node01 ") } ?? ""
            #expect(row.contains(#/\s\d+ (s|min) old/#), "\(status)")
        }
    }
}

extension EndToEnd.UnknownTests {
    /// A coordinator that was made anew, with an authority of its own.
    @Suite(.serialized) struct LostCoordinatorTests {
        @Test func `no verb reads or writes another cluster's prefix of the same name`() async throws {
            let cluster = try Arranged.as(SmallCluster.self).cluster
            try cluster.expectSuccess(try await cluster.amfleet(["backup"]))
            let run = String(try await cluster.amfleet(["list"]).output.split(separator: "\n")[1].prefix(14))
            let foreign = try await cluster.foreignIdentities()
            let file = "\(foreign)/cluster.json"
            try changeJSON(file) {
                $0.set("storage", "credentialsFile", to: "\(cluster.coordinatorDirectory)/s3-credentials")
            }
            for verb in [
                ["list"], ["show", run], ["volumes"], ["watch"], ["retry", run], ["pin", run],
                ["unpin", run],
            ] {
                let result = try await cluster.amfleet(verb + ["--cluster", file])
                #expect(result.exit == 2, "\(verb): \(result)")
                #expect(
                    result.errors.contains("prefix 'demo' belongs to another cluster of the same name"),
                    "\(verb): \(result)")
                #expect(
                    result.errors.contains("put the ca.pem and ca.key of its first 'amfleet init'"),
                    "\(result)")
            }
        }

        @Test func `the old authority in an empty directory brings the cluster back, as the hint says`()
            async throws
        {
            let made = try Arranged.as(SmallCluster.self)
            let cluster = made.cluster
            try cluster.expectSuccess(try await cluster.amfleet(["backup"]))
            let folder = "\(cluster.directory)/again"
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
            for name in ["ca.pem", "ca.key", "s3-credentials"] {
                try FileManager.default.copyItem(
                    atPath: "\(cluster.coordinatorDirectory)/\(name)", toPath: "\(folder)/\(name)")
            }
            for arguments in [
                [
                    "init", "demo", "--bucket", ClusterStore.bucket, "--prefix", TestCluster.prefix,
                    "--region",
                    "us-east-1", "--endpoint", cluster.store.endpoint, "--credentials-file", "s3-credentials",
                    "--self",
                    ConfigurationPlan.selfBackup.name, "--data", "vertica",
                ], ["node", "add", "node01", "127.0.0.1:\(made.node.port)"],
            ] {
                try await successful(["\(Machine.programs)/amfleet"] + arguments, directory: folder)
            }
            let file = "\(folder)/cluster.json"
            let list = try await cluster.amfleet(["list", "--cluster", file])
            #expect(list.exit == 0 && list.output.contains("  complete  "), "\(list)")
            try cluster.expectSuccess(try await cluster.amfleet(["backup", "--cluster", file]))
        }
    }
}
