// SPDX-License-Identifier: Apache-2.0

/// When a script-tool runs: the words of `execute-on`, which are also the command that the script gets.
///
/// In the order in which Amanda prints them. Source: amanda.conf(5), SCRIPT SECTION; the raw values as Amanda 3.5.1
/// passes them in `argv[1]`.
public enum ScriptPoint: String, Sendable, Hashable, CaseIterable {
    case preAmcheck = "PRE-AMCHECK"
    case preDLEAmcheck = "PRE-DLE-AMCHECK"
    case preHostAmcheck = "PRE-HOST-AMCHECK"
    case postDLEAmcheck = "POST-DLE-AMCHECK"
    case postHostAmcheck = "POST-HOST-AMCHECK"
    case postAmcheck = "POST-AMCHECK"
    case preEstimate = "PRE-ESTIMATE"
    case preDLEEstimate = "PRE-DLE-ESTIMATE"
    case preHostEstimate = "PRE-HOST-ESTIMATE"
    case postDLEEstimate = "POST-DLE-ESTIMATE"
    case postHostEstimate = "POST-HOST-ESTIMATE"
    case postEstimate = "POST-ESTIMATE"
    case preBackup = "PRE-BACKUP"
    case preDLEBackup = "PRE-DLE-BACKUP"
    case preHostBackup = "PRE-HOST-BACKUP"
    case postBackup = "POST-BACKUP"
    case postDLEBackup = "POST-DLE-BACKUP"
    case postHostBackup = "POST-HOST-BACKUP"
    case preRecover = "PRE-RECOVER"
    case postRecover = "POST-RECOVER"
    case preLevelRecover = "PRE-LEVEL-RECOVER"
    case postLevelRecover = "POST-LEVEL-RECOVER"
    case interLevelRecover = "INTER-LEVEL-RECOVER"

    /// What is being done around it.
    public enum Activity: String, Sendable { case amcheck, estimate, backup, recover }

    /// What it runs once for.
    public enum Scope: Sendable { case run, host, dle }

    /// See `Activity`.
    public var activity: Activity {
        if rawValue.hasSuffix("AMCHECK") { return .amcheck }
        if rawValue.hasSuffix("ESTIMATE") { return .estimate }
        return rawValue.hasSuffix("BACKUP") ? .backup : .recover
    }

    /// See `Scope`.
    var scope: Scope {
        if rawValue.contains("-DLE-") || activity == .recover { return .dle }
        return rawValue.contains("-HOST-") ? .host : .run
    }

    /// Whether it ends what its `PRE-` began: it runs whatever happened in between.
    public var isPost: Bool { rawValue.hasPrefix("POST-") }

    /// Whether Amanda runs it there: points of the whole run, and those of a host's backup, are the server's alone;
    /// recovery is the client's.
    ///
    /// Source: seen with stock Amanda; amcheck calls `pre-host-backup` on a client an error, amdump passes it over.
    public func runs(on side: ScriptTool.Side) -> Bool {
        switch side {
        case .client: scope == .dle || (scope == .host && activity != .backup)
        case .server: activity != .recover
        }
    }
}
