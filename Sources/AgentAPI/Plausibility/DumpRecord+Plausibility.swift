// SPDX-License-Identifier: Apache-2.0

extension DumpRecord {
    /// Stored as always, and not believed to hold its disk: it does not count as the disk's newest dump.
    public var isSuspect: Bool { isMade && suspect.map { $0.acceptedAt == nil } == true }

    /// Whether there is a dump that could count at all.
    public var isMade: Bool { status.isUsable || status == .held }

    /// What the dump found, as the next one is judged by it.
    public func measure(of run: RunName) -> DumpMeasure {
        var measure = DumpMeasure(
            run: run, level: level, bytes: level == 0 ? native.byteCount : nil, names: names, files: files)
        measure.directories = directories.known
        measure.isMountPoint = isMountPoint
        measure.deviceNumber = deviceNumber
        measure.holes = holes
        return measure
    }

    /// By what the next dump is judged, as far as this record alone says.
    ///
    /// What an operator accepts is the new measure: an increment then stands for the full dump too, without bytes, which would
    /// be those of another tree.
    public func measures(of run: RunName) -> DumpMeasures {
        if isSuspect { return judgedBy ?? DumpMeasures() }
        let own = measure(of: run)
        let isMeasure = level == 0 || suspect?.acceptedAt != nil
        return DumpMeasures(full: isMeasure ? own : judgedBy?.full, newest: own)
    }
}

extension NodeRecord {
    /// Suspect dumps, with their configurations' names.
    public var suspectDumps: [(configuration: String, dump: DumpRecord)] {
        configurations.flatMap { configuration in
            configuration.dumps.filter(\.isSuspect).map { (configuration.name, $0) }
        }
    }
}
