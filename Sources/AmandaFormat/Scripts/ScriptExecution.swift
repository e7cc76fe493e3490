// SPDX-License-Identifier: Apache-2.0

internal import Secret

/// One call of a script.
public struct ScriptExecution: Sendable, Hashable {
    /// When.
    public let point: ScriptPoint
    /// What.
    public let script: ScriptTool
    /// The disk that it is told of; at points of a run or a host one call for every disk.
    public let entry: DisklistEntry
    /// The disk's levels, where the point has any.
    let levels: [Int]

    /// The argument vector without `argv[0]`.
    ///
    /// Shape: `POINT [--execute-where WHERE] --config NAME`, then of the server `[--timestamp T] --host H --disk D
    /// [--device V]`, of the client `--host H --disk D --device V [--timestamp T]`, then `--level N` for each level and
    /// `--NAME VALUE` for each value of each property. A server names the device only where the disklist does. There
    /// is no timestamp in a check. Source: seen with stock Amanda 3.5.1 and a script that records its arguments.
    public func arguments(
        configuration: String, datestamp: Datestamp, support: ScriptSupport
    ) -> [String] {
        var arguments = [point.rawValue]
        if support.takesExecuteWhere { arguments += ["--execute-where", script.side.rawValue] }
        arguments += ["--config", configuration]
        let hasTimestamp = support.takesTimestamp && point.activity != .amcheck
        let timestamp = hasTimestamp ? ["--timestamp", datestamp.description] : []
        let disk = ["--host", entry.host, "--disk", entry.diskName]
        switch script.side {
        case .server:
            arguments += timestamp + disk
            if let device = entry.device { arguments += ["--device", device] }
        case .client:
            arguments += disk + ["--device", entry.directory] + timestamp
        }
        arguments += levels.flatMap { ["--level", String($0)] }
        return arguments
            + script.properties.flatMap { property in
                property.values.flatMap { ["--\(property.name)", $0.plaintext] }
            }
    }
}

/// What a script says of itself when it is called with the only argument `support`.
///
/// Shape: lines `NAME YES`; `CONFIG`, `HOST`, `DISK` and levels are passed whatever it says (seen with 3.5.1).
public struct ScriptSupport: Sendable, Equatable {
    /// `EXECUTE-WHERE YES`
    var takesExecuteWhere = false
    /// `TIMESTAMP YES`
    var takesTimestamp = false

    /// Reads what the script printed; lines that mean nothing to us are passed over.
    public init(parsing text: String) {
        for line in text.split(separator: "\n") {
            let words = line.split(separator: " ").map { $0.uppercased() }
            guard words.count == 2, words[1] == "YES" else { continue }
            if words[0] == "EXECUTE-WHERE" { takesExecuteWhere = true }
            if words[0] == "TIMESTAMP" { takesTimestamp = true }
        }
    }
}
