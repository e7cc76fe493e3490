// SPDX-License-Identifier: Apache-2.0

import AgentAPI

/// The operator's commands around a restore in place. An attempt that goes on where an earlier one stopped runs them again.
extension RestoreJob {
    /// What would be run, for a plan.
    var hookNotes: [String] {
        RestoreCommands.Moment.allCases.compactMap { moment in
            guard let hook = hook(moment) else { return nil }
            let when =
                switch moment {
                case .before: "before a byte is written"
                case .after: "when everything is back"
                case .afterFailure: "when not everything is back"
                }
            return "\(when), within \(hook.limit.components.seconds) s, as root: \(hook.command)"
        }
    }

    /// - Returns: why nothing may be restored.
    func runBefore(_ report: inout RestoreReport) async throws -> WireError? {
        try await run(.before, &report)
    }

    /// `after` where everything is back. On half of it no database is started: then `afterFailure` is run, and what was left
    /// out is said.
    func runAfter(_ report: inout RestoreReport) async throws -> WireError? {
        if report.disks.allSatisfy({ $0.error == nil }) { return try await run(.after, &report) }
        await leaveOut(&report)
        return try await run(.afterFailure, &report)
    }

    /// Of a restore that was cancelled or came to nothing: in a task of its own, which that does not end.
    func runAfterFailure(_ report: RestoreReport) async {
        var report = report
        await leaveOut(&report)
        report = await Task { [report] in
            var report = report
            _ = try? await run(.afterFailure, &report)
            return report
        }.value
        await reporter.keep(report)
    }

    private func leaveOut(_ report: inout RestoreReport) async {
        guard let hook = hook(.after) else { return }
        let error = WireError(
            .failed, node: settings.node,
            "the command 'after' of the restore, '\(hook.command)', was not run: not everything is back",
            hint: "see what is missing; then run it by hand, or restore again.")
        report.commands =
            (report.commands ?? []) + [
                .init(moment: .after, command: hook.command, error: error)
            ]
        await reporter.note(error.message)
    }

    private func run(
        _ moment: RestoreCommands.Moment, _ report: inout RestoreReport
    ) async throws
        -> WireError?
    {
        guard let hook = hook(moment) else { return nil }
        await reporter.note("the command '\(moment.rawValue)' of the restore runs: \(hook.command)")
        let command = try await reporter.waiting(
            for: "the command '\(moment.rawValue)' of the restore",
            atMost: Int(hook.limit.components.seconds)
        ) { try await hook.run() }
        report.commands = (report.commands ?? []) + [command]
        await reporter.note(
            command.error?.message ?? "the command '\(moment.rawValue)' of the restore has ended well")
        for line in command.text.split(whereSeparator: \.isNewline).suffix(Self.toldLineCount) {
            await reporter.note("\(moment.rawValue): \(line)")
        }
        await reporter.keep(report)
        return command.error
    }

    private static let toldLineCount = 20

    private func hook(_ moment: RestoreCommands.Moment) -> RestoreHook? {
        RestoreHook(
            moment, order, request.run, node: settings.node,
            hiding: KnownSecrets((sealed?.files ?? []) + (sealed?.others ?? []).flatMap(\.files)))
    }
}
