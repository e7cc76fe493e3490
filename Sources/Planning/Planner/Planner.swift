// SPDX-License-Identifier: Apache-2.0

public import AmandaFormat

/// Plans the levels of one run, in two steps: `requests` says which sizes have to be known, `plan` plans with them.
///
/// The rules are Amanda's, with one difference on purpose: what a disk's newest dump needs for its restore is never
/// planned to be overwritten. Source: Amanda 3.5.1 `server-src/planner.c`; planner decisions compared by running it.
public struct Planner: Sendable {
    public let settings: PlannerSettings
    public let run: Datestamp
    public let now: Int64
    /// Nil: not looked at; then no disk is renewed for its volume's sake.
    let rotation: VolumeRotation?
    let states: [DiskState]

    /// - Parameter now: seconds since 1970, as in curinfo.
    public init(
        settings: PlannerSettings, disks: [PlannerDisk], run: Datestamp, now: Int64,
        rotation: VolumeRotation? = nil
    ) {
        self.settings = settings
        self.run = run
        self.now = now
        self.rotation = rotation
        states = disks.map { DiskState($0, settings, now: now, overwritten: rotation?.overwritten ?? []) }
    }

    /// The sizes that a plan needs, disk by disk; none for a disk that is left out.
    public var requests: [EstimateRequest] {
        states.compactMap { state in
            let levels = state.levelsInQuestion.map { level in
                EstimateRequest.Level(
                    level: level, since: level == 0 ? nil : state.info.base(ofLevel: level)?.date,
                    historicBytes: state.info.historicKiB(level: level)?.bytesOfKibibytes)
            }
            guard !levels.isEmpty else { return nil }
            return EstimateRequest(
                name: state.name, levels: levels,
                needsWalk: levels.contains { $0.historicBytes == nil } && state.schedule.mayLook)
        }
    }

    /// What to dump.
    ///
    /// - Parameter estimates: of the disks that needed a walk; what is missing comes from curinfo.
    public func plan(_ estimates: [DiskName: SizeEstimate] = [:]) -> Plan {
        var draft = PlanDraft(self)
        for state in states { draft.add(state, estimates[state.name]) }
        draft.renewForRotation()
        draft.sort()
        draft.fit()
        draft.promote()
        draft.dropSkippedIncrements()
        draft.sort()
        return draft.plan
    }
}

extension DumpSchedule {
    /// Whether any method but curinfo is allowed.
    var mayLook: Bool { estimateMethods.contains { $0 != .server } }
}
