// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import HiddenCharacters

extension BootstrapReport {
    /// For `--json`: one document.
    public func document() throws -> [UInt8] { try WireJSON.document(self) }

    /// For people; nothing that came from elsewhere moves a terminal.
    public var text: String { lines.map { "\($0.shownOnOneLine)\n" }.joined() }

    /// Not even the self-backup.
    public var isNothingBack: Bool { !isAlreadyBack && !disks.contains { $0.error == nil } }

    var lines: [String] {
        let head = "node \(node), from \(storage): self-backup '\(selfBackup)' of run \(run)"
        return [head] + passedOver.map { "passed over: \($0)" } + remarks.map { "note: \($0)" }
            + disks.flatMap(text)
            + (isAlreadyBack ? ["the self-backup is back already: an earlier call did it"] : [])
            + secretLines + configurations.flatMap(text) + faults.flatMap(Self.text) + ending
    }

    private func text(_ disk: RestoreReport.Disk) -> [String] {
        let size = Quantity.bytes(disk.restoredBytes)
        let target = disk.target.isEmpty ? "" : " -> \(disk.target)"
        let would = isDryRun ? "would be " : ""
        let state =
            disk.error == nil
            ? "\(would)restored, \(size)" : isDryRun ? "would not be restored" : "not restored"
        let first = "\(disk.configuration): \(disk.disk)\(target): \(state)"
        return [first] + disk.notes.map { "  note: \($0)" } + (disk.error.map(Self.text) ?? [])
    }

    private var secretLines: [String] {
        guard let secrets else { return [] }
        let head = secrets.key.map { ["sealed: \($0)"] } ?? []
        let files = secrets.files.map { file in
            let size = file.byteCount.map { ", \(Quantity.bytes($0))" } ?? ""
            return "  \(file.path)\(size): \(file.state)" + (file.reason.map { ": \($0)" } ?? "")
        }
        return head + files + secrets.notes.map { "  note: \($0)" } + secrets.faults.flatMap(Self.text)
    }

    private func text(_ configuration: Configuration) -> [String] {
        let hosts = configuration.foreignHosts.map {
            "  note: its disklist names host '\($0)', which is not this machine"
        }
        return ["configuration '\(configuration.name)'"] + configuration.notes.map { "  \($0)" } + hosts
            + configuration.faults.flatMap(Self.text)
    }

    private static func text(_ fault: WireError) -> [String] {
        ["  error: \(fault.message)"] + (fault.hint.map { ["  hint: \($0)"] } ?? [])
    }

    private var ending: [String] {
        let verdict =
            isDryRun
            ? "nothing was written (--dry-run)"
            : isComplete
                ? "this machine is \(node)'s Amanda server again"
                : "not everything is as it should be: see above"
        return ["", verdict] + (next.isEmpty ? [] : ["", "next:"] + next.map { "  \($0)" })
    }
}
