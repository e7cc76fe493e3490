// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

extension EndToEnd {
    /// The coordinator is lost, and comes back out of the bucket and the kit.
    @Suite(.serialized, .needs(Machine.cluster), .arranged(SmallCluster.self), .timeLimit(.minutes(9)))
    struct RecoverTests {
        @Test func `a lost coordinator comes back, and the nodes go on with it at once`() async throws {
            let cluster = try Arranged.as(SmallCluster.self).cluster
            let first = try cluster.expectSuccess(try await cluster.amfleet(["backup"]))
            #expect(!first.output.contains("not sealed"), "\(first)")
            let before = try cluster.expectSuccess(try await cluster.amfleet(["status"]))
            #expect(before.output.contains("recovery key: 1 certificate"), "\(before)")
            try FileManager.default.removeItem(atPath: cluster.coordinatorDirectory)
            try FileManager.default.createDirectory(
                atPath: cluster.coordinatorDirectory, withIntermediateDirectories: true)
            let credentials = "\(cluster.directory)/own-credentials"
            try write(cluster.store.credentials(of: "coordinator"), to: credentials, mode: 0o600)
            let place = "s3://\(ClusterStore.bucket)/\(TestCluster.prefix)"
            let recovered = try cluster.expectSuccess(
                try await cluster.amfleet([
                    "recover", place, "--recovery-key", cluster.recoveryKit, "--credentials-file",
                    credentials,
                ]))
            #expect(recovered.output.contains(credentials), "\(recovered)")
            #expect(!recovered.text.contains("PRIVATE KEY"), "\(recovered)")
            try cluster.expectSuccess(try await cluster.amfleet(["status"]))
            let list = try await cluster.amfleet(["list"])
            #expect(list.exit == 0 && list.output.contains("  complete  "), "\(list)")
            try cluster.expectSuccess(try await cluster.amfleet(["backup"]))
            let check = try await cluster.amfleet([
                "recovery", "check", "--recovery-key", cluster.recoveryKit,
            ])
            #expect(check.output.contains("cluster.json") && !check.text.contains("PRIVATE KEY"), "\(check)")
        }

        @Test func `a passphrase is asked for at the terminal, and stands nowhere`() async throws {
            let directory = try TestCluster.newDirectory()
            defer { TestCluster.removeDirectory(directory) }
            let program = "\(Machine.programs)/amfleet"
            // util-linux' script gives a command a terminal, and types what comes in. What is typed before the question is not
            // the answer to it: each is waited for, and then the command's end.
            let line = """
                asked() { until [ -e ended ] || grep -q "$1" seen 2>/dev/null; do sleep 0.1; done; }
                (
                    asked 'new passphrase of'; echo swordfish
                    asked 'the same again'; echo swordfish
                    until [ -e ended ]; do sleep 0.1; done
                ) | script -qefc '\(program) init demo --bucket b --self s --recovery-passphrase
                status=$?; touch ended; exit $status' seen
                """
            let founded = try await command(["/bin/sh", "-c", line], directory: directory)
            #expect(founded.exit == 0, "\(founded)")
            let kit = try String(contentsOfFile: "\(directory)/recovery-kit.txt", encoding: .utf8)
            #expect(kit.contains("BEGIN ENCRYPTED PRIVATE KEY"))
            let seen = try String(contentsOfFile: "\(directory)/seen", encoding: .utf8)
            #expect(
                seen.contains("new passphrase of the recovery key") && !seen.contains("swordfish"), "\(seen)")
            try "swordfish\n".write(toFile: "\(directory)/words", atomically: true, encoding: .utf8)
            for (file, exit) in [("words", 0), ("seen", 2)] {
                let opened = try await command(
                    [
                        "/bin/sh", "-c",
                        "openssl pkey -in recovery-kit.txt -passin file:\(file) -noout && exit 0; exit 2",
                    ], directory: directory)
                #expect(Int(opened.exit) == exit, "\(opened)")
            }
        }

        @Test func `without a terminal a passphrase is not waited for`() async throws {
            let directory = try TestCluster.newDirectory()
            defer { TestCluster.removeDirectory(directory) }
            let result = try await command(
                [
                    "/usr/bin/setsid", "--wait", "\(Machine.programs)/amfleet", "init", "demo", "--bucket",
                    "b",
                    "--recovery-passphrase",
                ], directory: directory)
            #expect(result.exit == 2 && result.errors.contains("--recovery-passphrase-file"), "\(result)")
            #expect(!FileManager.default.fileExists(atPath: "\(directory)/ca.key"))
        }
    }
}
