// SPDX-License-Identifier: Apache-2.0

public import AmandaFormat
@_exported public import Faults

/// Why a configuration's catalog cannot be read or written now.
public enum CatalogError: Fault, Equatable {
    case unknownConfiguration(name: String, root: String, known: [String])
    case missingDumpuser(name: String, configuration: String)
    case missingFile(path: String)
    /// The run's name is not newer than what is known already.
    case notNewest(run: Datestamp, newest: Datestamp, configuration: String)
    /// Amanda, or another agent, is at work in this configuration.
    case isRunning(program: String, pid: Int32, log: String)
    /// A process holds a slot of the changer.
    case slotHeld(device: String, pid: Int32, program: String?, stateFile: String)
    /// A dump is said to be stored, but no volume was entered for it.
    case noVolume(dumpOf: String, disk: String)
    /// A dump is said to lie on a volume that was never entered.
    case unknownVolume(label: String, host: String, disk: String)

    public var kind: FaultKind {
        switch self {
        case .unknownConfiguration, .missingDumpuser, .missingFile: .configuration
        case .notNewest, .isRunning, .slotHeld: .busy
        case .noVolume, .unknownVolume: .failed
        }
    }

    public var facts: String { text.facts }
    public var hint: String? { text.hint }

    private var text: FaultText {
        switch self {
        case .unknownConfiguration(let name, let root, let known):
            FaultText(
                "no Amanda configuration '\(name)' in \(root)",
                hint:
                    known.isEmpty
                    ? "there is none at all; a configuration is a directory with an amanda.conf: 'amfleet restore' brings lost ones back."
                    : "make it, restore it, or correct 'configurations' in cluster.json; those that exist: \(known.joined(separator: ", "))."
            )
        case .missingDumpuser(let name, let configuration):
            FaultText(
                "dumpuser '\(name)' of configuration '\(configuration)' does not exist on this node",
                hint:
                    "name the user that Amanda runs as here ('backup' on Debian), or create this one; it must own the catalogs."
            )
        case .missingFile(let path):
            "'\(path)' does not exist"
        case .notNewest(let run, let newest, let configuration):
            FaultText(
                "run \(run) is not newer than \(newest), the newest of configuration '\(configuration)'",
                hint:
                    "'amfleet backup' makes a newer one; if a wrong clock named run \(newest), run 'amrmtape \(configuration) LABEL' for "
                    + "the volume that bears it, if any does, then move log.\(newest).* out of the log directory of '\(configuration)'."
            )
        case .isRunning(let program, let pid, let log):
            FaultText(
                "\(program) (process \(pid)) is at work in this configuration, says \(log)",
                hint: "wait until it has ended.")
        case .slotHeld(let device, let pid, let program, let stateFile):
            FaultText(
                "slot '\(device)' is held by process \(pid)\(program.map { " (\($0))" } ?? ""), says \(stateFile)",
                hint: "wait until it has ended.")
        case .noVolume(let host, let disk):
            "no volume was entered for the dump of \(host):\(disk)"
        case .unknownVolume(let label, let host, let disk):
            "the dump of \(host):\(disk) names volume '\(label)', which this run has not written"
        }
    }
}
