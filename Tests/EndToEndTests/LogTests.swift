// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

extension EndToEnd {
    /// What the two programs tell of a run, for whoever wants to know why it went as it did.
    @Suite(.serialized, .needs(Machine.cluster), .arranged(LoggedCluster.self), .timeLimit(.minutes(9)))
    struct LogTests {
        @Test func `the run succeeds`() throws {
            let made = try Arranged.as(LoggedCluster.self)
            #expect(made.backup.exit == 0, "\(made.backup)")
            #expect(made.restore.exit == 0, "\(made.restore)")
        }

        @Test func `both retries of a part are lines, with its number and the delay`() throws {
            let made = try Arranged.as(LoggedCluster.self)
            let retries = made.agentAtDebug.logLines.filter {
                $0.contains("trying again") && $0.contains(" part=\(LoggedCluster.refusedPart) ")
            }
            #expect(retries.count == 2, "\(made.agentAtDebug)")
            for (number, line) in retries.enumerated() {
                #expect(line.contains(/\ delay="\d+\.\d{3} s"/), "\(line)")
                #expect(line.contains("attempt=\(number + 1)"), "\(line)")
                #expect(line.contains("status 503 SlowDown"), "\(line)")
                #expect(line.contains("configuration=vertica"), "\(line)")
            }
        }

        @Test(arguments: [
            "POST /v1/jobs answered with 202 node=node01 peer=",
            "backup job is running attempt=1 job=backup-",
            "configuration read and checked", "plan: labels slot",
            "plan: level 0 configuration=vertica disk=",
            "labels slot '", "the dump waited most for: ", "multipart upload completed",
            "the node record is in the bucket", "backup job is succeeded",
        ])
        func `the agent tells of every stage of a backup`(text: String) throws {
            let log = try Arranged.as(LoggedCluster.self).agentAtDebug
            #expect(log.contains(text), "\(log)")
        }

        @Test(arguments: [
            "the run's record is read", "the volumes still are the run's", "the objects are looked up",
            "stage=restore",
        ])
        func `the agent tells of every stage of a restore`(text: String) throws {
            let log = try Arranged.as(LoggedCluster.self).agentAtTrace
            #expect(log.contains(text), "\(log)")
        }

        @Test(arguments: [
            "backup begins", "the store answers", "the agent gave its status node=node01", "lease taken",
            "job submitted attempt=1 job=backup-", "verdict of the node: complete",
            "verdict of the set: complete",
            "lease given back", "backup ended exit=0",
        ])
        func `the coordinator tells of every step of a backup`(text: String) throws {
            let backup = try Arranged.as(LoggedCluster.self).backup
            #expect(backup.errors.contains(text), "\(backup)")
        }

        @Test func `every line of the agent has one time, a level and the node`() throws {
            let made = try Arranged.as(LoggedCluster.self)
            let form =
                /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}[+-]\d{4} (trace|debug|info|notice|warning|error) \w+: .* node=node01( .*)?/
            let lines = (made.agentAtDebug + made.agentAtTrace).split(separator: "\n")
                .filter { !$0.hasPrefix("amfleetd: listening on ") }
            #expect(lines.count > 50)
            for line in lines { #expect(line.wholeMatch(of: form) != nil, "\(line)") }
        }

        @Test func `no secret stands in a line of either side`() throws {
            let made = try Arranged.as(LoggedCluster.self)
            let logs = made.agentAtDebug + made.agentAtTrace + made.backup.text + made.restore.text
            for secret in try made.cluster.secrets() {
                #expect(secret.count >= 20, "\(secret)")
                #expect(!logs.contains(secret))
            }
        }

        @Test func `--json stays one document, and the flag comes before the settings`() async throws {
            let made = try Arranged.as(LoggedCluster.self)
            let agent = try RunningProgram(
                ["\(Machine.programs)/amfleetd", "--config", made.node.settings, "--log-level", "error"],
                environment: ClusterNode.noCredentials, output: "\(made.node.directory)/quiet")
            try await eventually { agent.text.contains("listening on") }

            let status = try await made.cluster.amfleet(
                ["status", "--json", "--log-level", "debug", "--cluster", made.file])
            agent.send(SIGTERM)
            let ended = try await agent.end()

            let document = try JSONSerialization.jsonObject(with: Data(status.output.utf8)) as? [String: Any]
            #expect(document?["command"] as? String == "status", "\(status)")
            #expect(
                status.errors.contains(" debug Coordinator: GET /v1/status was answered with 200"),
                "\(status)")
            #expect(ended.errors == "", "\(ended)")
        }

        @Test func `a level that does not exist is a usage error that names those that do`() async throws {
            let made = try Arranged.as(LoggedCluster.self)
            let result = try await made.cluster.amfleet(["list", "--log-level", "loud"])
            #expect(result.exit == 2, "\(result)")
            #expect(
                result.errors.contains("trace, debug, info, notice, warning, error, critical"), "\(result)")
        }
    }
}

extension String {
    fileprivate var logLines: [Substring] { split(separator: "\n") }
}
