// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import ArgumentParser
import BlockingWork
import Coordinator
import Descriptors
import Faults
import Glibc
import Secret

@main
struct Amfleet: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "amfleet",
        abstract: "Backs up and restores a whole cluster straight to S3, in Amanda's own format.",
        discussion: """
            Exit codes: 0 all nodes complete; 1 failed; 2 usage or configuration; 3 partial, the failed nodes named; \
            4 another run holds the cluster; 5 not authenticated; 6 storage refused or unreachable; 7 status found a \
            problem; 130 cancelled.
            """,
        version: AmfleetVersion.current,
        subcommands: [
            InitVerb.self, NodeVerb.self, CoordinatorVerb.self, AuthorityVerb.self, ObserverVerb.self,
            RevokeVerb.self, RecoverVerb.self, RecoveryVerb.self, KeyVerb.self,
            PlanVerb.self, BackupVerb.self, FlushVerb.self,
            RestoreVerb.self,
            StatusVerb.self,
            ListVerb.self, VolumesVerb.self,
            ShowVerb.self, AcceptVerb.self, PinVerb.self, UnpinVerb.self, WatchVerb.self, RetryVerb.self,
            CancelVerb.self,
        ])

    static func main() async {
        signal(SIGPIPE, SIG_IGN)
        CoreDumps.forbid()
        DescriptorLimit.raise()
        BlockingThread.enforce()
        UnaskedPatience.set(.seconds(30))
        do {
            var command = try parseAsRoot()
            if var verb = command as? any AsyncParsableCommand {
                try await verb.run()
            } else {
                try command.run()
            }
            ProcessEnd.now(ExitCode.complete.rawValue)
        } catch let code as ArgumentParser.ExitCode {
            ProcessEnd.now(code.rawValue)
        } catch {
            end(error)
        }
    }

    /// Help and version go to standard output; what cannot be parsed is a usage error, with `--json` as a document, too.
    private static func end(_ error: any Error) -> Never {
        let text = fullMessage(for: error)
        guard exitCode(for: error) != .success else {
            let fault = text.isEmpty ? nil : Terminal.standardOutput.write(lines: text.ownLines)
            if let fault { Terminal.standardError.write(lines: ["amfleet: \(fault)"]) }
            ProcessEnd.now((fault == nil ? ExitCode.complete : .failed).rawValue)
        }
        if !text.isEmpty { Terminal.standardError.write(lines: text.ownLines) }
        let arguments = CommandLine.arguments.dropFirst().prefix { $0 != "--" }
        if arguments.contains("--json") {
            let usage = UsageFault(facts: message(for: error), command: name(in: arguments))
            let document = try? FailureReport(usage).document(command: usage.command)
            Terminal.standardOutput.write(document: document ?? [])
        }
        ProcessEnd.now(ExitCode.unusable.rawValue)
    }

    /// What the JSON of the command calls it whose arguments these are.
    private static func name(in arguments: some Sequence<String>) -> String {
        var command: any ParsableCommand.Type = Amfleet.self
        for word in arguments where !word.hasPrefix("-") {
            let next = command.configuration.subcommands.first { $0.configuration.commandName == word }
            guard let next else { break }
            command = next
        }
        if let verb = command as? any Verb.Type { return verb.documentName }
        return command.configuration.commandName ?? "amfleet"
    }
}

/// What was typed cannot be understood.
private struct UsageFault: Fault {
    let facts: String
    let command: String

    var kind: FaultKind { .configuration }
    var hint: String? {
        command == "amfleet"
            ? "'amfleet --help' shows every command." : "'amfleet \(command) --help' shows what it takes."
    }
}

extension String {
    /// Of text that is the program's own.
    fileprivate var ownLines: [String] {
        split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    }
}
