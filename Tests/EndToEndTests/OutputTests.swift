// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

extension EndToEnd {
    /// What a program that calls `amfleet` can rely on. No cluster is asked.
    @Suite(.needs(Machine.cluster), .timeLimit(.minutes(5)))
    struct OutputTests {
        @Test(arguments: [
            (["backup", "--json", "--nodes"], "backup"), (["list", "--json", "--log-level", "loud"], "list"),
            (["restore", "--json", "--run"], "restore"), (["node", "add", "--json"], "node add"),
            (["--json", "bakup"], "amfleet"), (["show", "--json"], "show"),
        ])
        func `a usage error is one JSON document, too`(arguments: [String], command name: String) async throws
        {
            let result = try await command(["\(Machine.programs)/amfleet"] + arguments)
            #expect(result.exit == 2, "\(result)")
            let document = try #require(
                try JSONSerialization.jsonObject(with: Data(result.output.utf8)) as? [String: Any],
                "\(result)")
            #expect(document["command"] as? String == name)
            #expect(document["result"] as? String == "unusable")
            let error = document["error"] as? [String: Any]
            #expect((error?["message"] as? String)?.isEmpty == false && error?["hint"] != nil, "\(result)")
            let words = (error?["hint"] as? String ?? "").split(separator: "'").first ?? ""
            let help = try await command(
                ["\(Machine.programs)/amfleet"] + words.split(separator: " ").dropFirst().map(String.init))
            #expect(help.exit == 0 && help.output.contains("USAGE:"), "\(help)")
        }

        @Test(arguments: [
            ["amfleetd", "bootstrap", "--json"],
            ["amfleetd", "bootstrap", "s3://b/p", "--json", "--node", "Node.1"],
            [
                "amfleetd", "bootstrap", "s3://b/p", "--json", "--node", "node01", "--recovery-key",
                "/nonexistent/kit",
            ],
            ["amfleet", "recover", "s3://b/p", "--json", "--recovery-key", "/nonexistent/kit"],
            ["amfleet", "recover", "s3://b/p", "--json", "--recovery-key", "/"],
        ])
        func `what rebuilds a machine says in JSON, too, why it does not begin`(
            arguments: [String]
        ) async throws {
            let result = try await command(
                ["\(Machine.programs)/\(arguments[0])"] + arguments.dropFirst(),
                environment: ClusterNode.noCredentials)
            #expect(result.exit == 2, "\(result)")
            let document = try #require(
                try JSONSerialization.jsonObject(with: Data(result.output.utf8)) as? [String: Any],
                "\(result)")
            let error = try #require(document["error"] as? [String: Any], "\(result)")
            #expect(error["kind"] as? String == "configuration" && error["hint"] != nil, "\(result)")
        }

        @Test func `a usage error without --json writes nothing to standard output`() async throws {
            let result = try await command(["\(Machine.programs)/amfleet", "backup", "--nodes"])
            #expect(
                result.exit == 2 && result.output.isEmpty && result.errors.contains("--nodes"), "\(result)")
        }

        @Test func `standard output that cannot be written ends every command with 1`() async throws {
            let directory = try TestCluster.newDirectory()
            defer { TestCluster.removeDirectory(directory) }
            let founding = [
                "init", "demo", "--bucket", "b", "--region", "us-east-1", "--self", "amanda-server", "--data",
                "vertica",
            ]
            for (arguments, target, exit) in [
                (founding, "/dev/full", 1), (["node", "add", "node01", "127.0.0.1:9"], "/dev/full", 1),
                (["node", "list"], "/dev/full", 1), (["node", "list", "--json"], "/dev/full", 1),
                (["node", "list"], "&-", 1), (["--help"], "/dev/full", 1), (["--version"], "/dev/full", 1),
                (["node", "list"], "/dev/null", 0),
            ] {
                let result = try await command(
                    ["/bin/sh", "-c", "\"$@\" >\(target)", "sh", "\(Machine.programs)/amfleet"] + arguments,
                    directory: directory)
                #expect(Int(result.exit) == exit, "\(arguments) >\(target): \(result)")
                let isTold = result.errors.contains("standard output cannot be written")
                #expect(isTold == (exit == 1), "\(result)")
                if target == "&-" { #expect(result.errors.contains("Bad file descriptor"), "\(result)") }
            }
            let closed = try await command(
                [
                    "/bin/bash", "-c", "\"$1\" --help | true; exit ${PIPESTATUS[0]}", "bash",
                    "\(Machine.programs)/amfleet",
                ])
            #expect(closed.exit == 0, "a reader that goes away is no fault: \(closed)")
        }
    }
}
