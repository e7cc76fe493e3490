// SPDX-License-Identifier: Apache-2.0

/// Which scripts run when, for the disks of one run.
///
/// At a point that opens something the server's scripts run before the client's, at one that closes it after them.
/// Scripts of a side run by `order`. At points of a run or a host a script runs once for every disk, the last of the
/// disklist first; with `single-execution` the server runs it once, while the client pays no heed to it. Source: seen with
/// stock Amanda 3.5.1. One difference on purpose: there a script with `single-execution` keeps every later one that has
/// it and the same plugin from running at all.
public struct ScriptSchedule: Sendable {
    /// In the order of the disklist.
    let entries: [DisklistEntry]

    /// `entries`: those that the run is about to dump.
    public init(entries: [DisklistEntry]) {
        self.entries = entries
    }

    /// Whether any disk has a script.
    public var isEmpty: Bool { entries.allSatisfy { $0.dumptype.scripts.isEmpty } }

    /// Hosts in Amanda's order: the last that the disklist names first.
    public var hosts: [String] {
        var hosts: [String] = []
        for entry in entries where !hosts.contains(entry.host) { hosts.append(entry.host) }
        return hosts.reversed()
    }

    /// At a point of the whole run.
    public func executions(_ point: ScriptPoint) -> [ScriptExecution] {
        precondition(point.scope == .run, "\(point) is not a point of the run")
        return executions(point, hosts.flatMap(disks)) { _ in [] }
    }

    /// At a point of one host. `levels`: of each of its disks, where the client estimates.
    public func executions(
        _ point: ScriptPoint, host: String, levels: (DisklistEntry) -> [Int] = { _ in [] }
    ) -> [ScriptExecution] {
        precondition(point.scope == .host, "\(point) is not a point of a host")
        return executions(point, disks(of: host), levels: levels)
    }

    /// At a point of one disk. `levels`: those that are estimated, or the one that is dumped.
    public func executions(
        _ point: ScriptPoint, _ entry: DisklistEntry, levels: [Int]
    ) -> [ScriptExecution] {
        precondition(point.scope == .dle, "\(point) is not a point of a disk")
        return executions(point, [entry]) { _ in levels }
    }

    /// All that an activity executes where nothing fails, one disk after the other.
    func executions(
        of activity: ScriptPoint.Activity, levels: (DisklistEntry) -> [Int]
    ) -> [ScriptExecution] {
        func point(_ end: String, _ scope: String) -> ScriptPoint? {
            ScriptPoint(rawValue: "\(end)-\(scope)\(activity.rawValue.uppercased())")
        }
        func ofHost(_ end: String, _ host: String) -> [ScriptExecution] {
            point(end, "HOST-").map { executions($0, host: host, levels: levels) } ?? []
        }
        func ofDisk(_ end: String, _ entry: DisklistEntry) -> [ScriptExecution] {
            point(end, "DLE-").map { executions($0, entry, levels: levels(entry)) } ?? []
        }
        let ofHosts = hosts.flatMap { host in
            ofHost("PRE", host)
                + entries.filter { $0.host == host }.flatMap { ofDisk("PRE", $0) + ofDisk("POST", $0) }
                + ofHost("POST", host)
        }
        return (point("PRE", "").map { executions($0) } ?? []) + ofHosts
            + (point("POST", "").map { executions($0) } ?? [])
    }

    private func disks(of host: String) -> [DisklistEntry] {
        entries.filter { $0.host == host }.reversed()
    }

    private func executions(
        _ point: ScriptPoint, _ entries: [DisklistEntry], levels: (DisklistEntry) -> [Int]
    ) -> [ScriptExecution] {
        let sides: [ScriptTool.Side] = point.isPost ? [.client, .server] : [.server, .client]
        return sides.filter(point.runs).flatMap { executions(point, entries, on: $0, levels: levels) }
    }

    private func executions(
        _ point: ScriptPoint, _ entries: [DisklistEntry], on side: ScriptTool.Side,
        levels: (DisklistEntry) -> [Int]
    ) -> [ScriptExecution] {
        var executions: [ScriptExecution] = []
        var doneScripts: Set<String> = []
        let hasLevels = point.activity != .amcheck && (point.scope == .dle || side == .client)
        for entry in entries {
            for script in entry.dumptype.scripts where script.side == side && script.points.contains(point) {
                let isOnce = script.isSingleExecution && side == .server && point.scope != .dle
                if isOnce, !doneScripts.insert(script.name).inserted { continue }
                executions.append(
                    ScriptExecution(
                        point: point, script: script, entry: entry, levels: hasLevels ? levels(entry) : []))
            }
        }
        return executions
    }
}
