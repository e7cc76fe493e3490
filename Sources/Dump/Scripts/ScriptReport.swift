// SPDX-License-Identifier: Apache-2.0

public import AmandaFormat

/// What the scripts of one point, or of several, have said.
///
/// Source: amanda-scripts(7), and seen with stock Amanda 3.5.1: standard output is a note, standard error of a script that
/// ends well is strange, and `PROPERTY NAME VALUE` on the standard output of a client's script before the dump is a
/// property for the application, the value being all that follows, taken as it stands. One difference on purpose: stock
/// Amanda passes over failures of scripts that run on the server.
public struct ScriptReport: Sendable {
    /// Scripts that did not do their work. Before a dump: it must not be made.
    public internal(set) var failures: [ScriptError] = []
    /// For the administrator.
    public internal(set) var strange: [String] = []
    /// For the report, and no more.
    public internal(set) var notes: [String] = []
    /// For the application; they go before what the configuration says.
    public internal(set) var properties: [DLEDescription.Property] = []
    /// What the data belong to, by lines `RECOVERY-POINT NAME VALUE` at a point of the backup. Stock Amanda takes them
    /// for notes.
    public internal(set) var recoveryPoints: [ScriptRecoveryPoint] = []

    /// Nothing ran, or nothing was said.
    public init() {}

    /// What makes a dump STRANGE when this is said after it: failures too.
    public var allStrange: [String] { strange + failures.map(\.description) }

    /// Both, in order.
    public static func + (one: ScriptReport, other: ScriptReport) -> ScriptReport {
        var both = one
        both.failures += other.failures
        both.strange += other.strange
        both.notes += other.notes
        both.properties += other.properties
        both.recoveryPoints += other.recoveryPoints
        return both
    }

    /// Sorts what one execution has written.
    mutating func take(_ run: ScriptProcess.Run, of execution: ScriptExecution) {
        let prefix = "Script '\(execution.script.plugin)' command '\(execution.point.rawValue)': "
        for line in run.output {
            if execution.point.activity == .backup, let point = ScriptRecoveryPoint(line: line) {
                recoveryPoints.append(point)
            } else if execution.takesProperties, let property = Self.property(line) {
                take(property, of: execution)
            } else if execution.point.activity == .amcheck, !line.hasPrefix("OK ") {
                strange.append(prefix + line)
            } else {
                notes.append(prefix + line)
            }
        }
        if let failure = run.failure(of: execution) {
            failures.append(failure)
        } else {
            strange += run.messages.map { prefix + $0 }
        }
    }

    private mutating func take(_ property: DLEDescription.Property, of execution: ScriptExecution) {
        if property.name == "gnutar-path" {
            failures.append(.forbiddenProperty(script: execution.script.name, name: property.name))
        } else {
            properties.append(property)
        }
    }

    private static func property(_ line: String) -> DLEDescription.Property? {
        guard line.hasPrefix("PROPERTY ") else { return nil }
        let words = line.dropFirst(9).split(separator: " ", maxSplits: 1, omittingEmptySubsequences: false)
        guard words.count == 2, !words[0].isEmpty else { return nil }
        let name = String(words[0].lowercased().map { $0 == "_" ? "-" : $0 })
        return DLEDescription.Property(name: name, values: [String(words[1])])
    }
}

/// The point to which a dump brings a database back, as a script names it.
public struct ScriptRecoveryPoint: Sendable, Hashable {
    /// One word.
    public let name: String
    /// The rest of the line.
    public let value: String

    /// Shape: `RECOVERY-POINT NAME VALUE`. nil: another line.
    init?(line: String) {
        let words = line.split(separator: " ", maxSplits: 2)
        guard words.count == 3, words[0] == "RECOVERY-POINT" else { return nil }
        name = String(words[1])
        value = String(words[2])
    }
}

extension ScriptExecution {
    fileprivate var takesProperties: Bool {
        script.side == .client && [.preDLEAmcheck, .preDLEEstimate, .preDLEBackup].contains(point)
    }
}
