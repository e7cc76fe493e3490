// SPDX-License-Identifier: Apache-2.0

import AmandaFormat
public import Planning

extension PlannedRun {
    /// The planner's result in Amanda's figures: KiB, whole seconds, a line for each remark.
    public init(_ plan: Plan) {
        dumps = plan.dumps.map { Dump($0) }
        leftOut = plan.leftOut.map { LeftOut($0) }
        notes = plan.dumps.map { "\($0.name): level \($0.level): \($0.reason)" }
        warnings = plan.warnings
        infoUpdates = plan.infoUpdates
    }
}

extension PlannedRun.Dump {
    init(_ planned: PlannedDump) {
        self.init(
            host: planned.name.host, disk: planned.name.disk, level: planned.level,
            priority: planned.priority,
            estimate: .init(
                originalKiB: planned.dump.nativeBytes >> 10, storedKiB: planned.dump.storedBytes >> 10,
                seconds: Int64(min(planned.dump.seconds, 1e9)),
                rate: Int64(min(planned.dump.bytesPerSecond, 1e15)) >> 10))
    }
}

extension PlannedRun.LeftOut {
    init(_ left: DiskLeftOut) {
        let (cause, level, reason): (Cause, Int, String) =
            switch left.cause {
            case .skipsFull: (.wish, 0, "skip-full")
            case .skipsIncrement: (.wish, 1, "skip-incr")
            case .estimateFailed, .unknownSize: (.failure, 0, left.text.facts)
            case .tooLarge(_, let level, _, _), .noRoom(_, let level, _): (.failure, level, left.text.facts)
            }
        // The line names the disk already, and a hint is for the screen.
        self.init(host: left.name.host, disk: left.name.disk, level: level, cause: cause, reason: reason)
    }
}
