// SPDX-License-Identifier: Apache-2.0

public import AmandaFormat
public import ChildProcess
public import Faults

/// Why a script-tool did not do its work.
public enum ScriptError: Fault, Equatable {
    /// There is no such program.
    case noProgram(script: String, path: String)
    /// It would run as root, and others than root can change it.
    case changeableByOthers(script: String, path: String)
    /// It must run as another user, and only root can do that.
    case needsRoot(script: String, user: String)
    /// The system did not start it; the reason.
    case cannotStart(script: String, reason: FaultText)
    /// It ended badly. `output`: what it wrote to standard error, the oldest first.
    case failed(script: String, point: ScriptPoint, disk: String, exit: ChildExit, output: [String])
    /// It was killed with all that it had started.
    case timedOut(script: String, point: ScriptPoint, disk: String, limit: Duration, output: [String])
    /// It asks for a program that would run as root.
    case forbiddenProperty(script: String, name: String)
}

extension ScriptError {
    public var facts: String { text.facts }
    public var hint: String? { text.hint }

    private var text: FaultText {
        switch self {
        case .noProgram(let script, let path):
            FaultText(
                "script '\(script)': there is no '\(path)'",
                hint: "install the plugin there, or correct 'plugin' in amanda.conf.")
        case .changeableByOthers(let script, let path):
            FaultText(
                "script '\(script)' would run as root, and '\(path)' can be changed by others than root",
                hint: "make dumpuser a user of its own, or give the file and its directories to root alone.")
        case .needsRoot(let script, let user):
            "script '\(script)' must run as '\(user)', and only root can start it so"
        case .cannotStart(let script, let reason):
            FaultText("script '\(script)' cannot be started: \(reason.facts)", hint: reason.hint)
        case .failed(let script, let point, let disk, let exit, let output):
            "script '\(script)' \(exit) at \(point.rawValue) of '\(disk)'\(said(output))"
        case .timedOut(let script, let point, let disk, let limit, let output):
            "script '\(script)' did not end within \(limit) at \(point.rawValue) of '\(disk)' and was killed\(said(output))"
        case .forbiddenProperty(let script, let name):
            FaultText(
                "script '\(script)' sets the property '\(name)', which names a program that runs as root",
                hint: "set it in amanda.conf, and allow it in amanda-security.conf.")
        }
    }

    /// All of it where it is short, or else the cause.
    private func said(_ output: [String]) -> String {
        guard !output.isEmpty else { return "" }
        let all = output.map(FailureCause.clean).joined(separator: " / ")
        return ": \(all.count <= 1000 ? all : FailureCause(output.joined(separator: "\n")).text ?? "")"
    }
}
