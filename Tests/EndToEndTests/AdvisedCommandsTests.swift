// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

extension EndToEnd {
    /// Whatever a document or an error tells somebody to type, the programs understand. No cluster is asked.
    @Suite(.needs(Machine.cluster), .timeLimit(.minutes(9)))
    struct AdvisedCommandsTests {
        @Test func `each command line of the documents and of the programs' texts is understood`()
            async throws
        {
            let verbs = try await verbs(of: "amfleet").union(verbs(of: "amfleetd"))
            let commands = try AdvisedCommand.all()
            #expect(
                Set(commands.map(\.file)).isSuperset(of: [
                    "README.md", "Docs/OPERATIONS.md", "Docs/DISASTER.md",
                    "Sources/AgentAPI/Recovery/KitCommands.swift",
                    "Sources/Coordinator/Runs/NodeJudgement.swift",
                ]))
            var seen: Set<String> = []
            for advised in commands where seen.insert(advised.line).inserted {
                let fault = try await fault(of: advised, verbs: verbs)
                #expect(fault == nil, "\(advised.file): `\(advised.line)`: \(fault ?? "")")
            }
        }

        /// Why the programs do not understand it.
        private func fault(of advised: AdvisedCommand, verbs: Set<[String]>) async throws -> String? {
            let words = advised.words
            let verb = (1...words.count).map { Array(words.prefix($0)) }.last { verbs.contains($0) } ?? []
            if verb == words { return nil }
            // What follows from what was typed is tried where that is typed.
            if words.last == "--help" { return nil }
            if verb == ["amfleet"] { return "no such verb" }
            let directory = try TestCluster.newDirectory()
            defer { TestCluster.removeDirectory(directory) }
            let line = ([advised.line] + harmless(verb, words, in: directory)).joined(separator: " ")
            let result = try await command(
                ["/bin/sh", "-c", line.replacing("/etc/amfleet", with: directory)],
                environment: ClusterNode.noCredentials.merging([
                    "PATH": "\(Machine.programs):/usr/bin:/bin", "HOME": directory, "NODE": "node01",
                ]) { $1 },
                directory: directory)
            return result.errors.hasPrefix("Error: ") ? result.errors : nil
        }

        /// What lets it come no further than its own settings.
        private func harmless(_ verb: [String], _ words: [String], in directory: String) -> [String] {
            var options = ["--config": "none.json"]
            switch verb.dropFirst().first {
            case "init", "recover": options = [:]
            case "adopt": options = ["--amanda-directory": "\(directory)/amanda"]
            case "bootstrap": options = ["--state-directory": "\(directory)/state", "--recovery-key": "none"]
            case nil where verb.first == "amfleetd": break
            default: options = ["--cluster": "none.json"]
            }
            return options.filter { !words.contains($0.key) }.flatMap { [$0.key, $0.value] }
        }

        private struct Help: Decodable {
            struct Command: Decodable {
                let commandName: String
                let subcommands: [Command]?

                var paths: [[String]] {
                    [[commandName]] + (subcommands ?? []).flatMap(\.paths).map { [commandName] + $0 }
                }
            }

            let command: Command
        }

        /// Every verb, with the program and the verbs above it.
        private func verbs(of program: String) async throws -> Set<[String]> {
            let text = try await successful(["\(Machine.programs)/\(program)", "--experimental-dump-help"])
            return Set(try JSONDecoder().decode(Help.self, from: Data(text.utf8)).command.paths)
        }
    }
}
