// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import ArgumentParser
import BlockingWork
import Descriptors
import Glibc

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
            InitVerb.self, NodeVerb.self, KeyVerb.self, PlanVerb.self, BackupVerb.self, FlushVerb.self,
            RestoreVerb.self,
            StatusVerb.self,
            ListVerb.self, VolumesVerb.self,
            ShowVerb.self, AcceptVerb.self, PinVerb.self, UnpinVerb.self, WatchVerb.self, RetryVerb.self,
            CancelVerb.self,
        ])

    static func main() async {
        signal(SIGPIPE, SIG_IGN)
        DescriptorLimit.raise()
        BlockingThread.enforce()
        do {
            var command = try parseAsRoot()
            if var verb = command as? any AsyncParsableCommand {
                try await verb.run()
            } else {
                try command.run()
            }
        } catch let code as ArgumentParser.ExitCode {
            Glibc.exit(code.rawValue)
        } catch {
            end(error)
        }
    }

    /// Help and version go to standard output; what cannot be parsed is a usage error.
    private static func end(_ error: any Error) -> Never {
        let isAnswer = exitCode(for: error) == .success
        let text = fullMessage(for: error)
        if !text.isEmpty { (isAnswer ? Terminal.standardOutput : Terminal.standardError).write(text + "\n") }
        Glibc.exit(isAnswer ? ExitCode.complete.rawValue : ExitCode.unusable.rawValue)
    }
}
