// SPDX-License-Identifier: Apache-2.0

import AmandaFormat
import Synchronization

extension RunCatalog {
    /// A dump begins: `amstatus` shows it from now on. One that is recorded without has begun and ended at once.
    ///
    /// - Parameter datestamp: of the run that made the dump; nil: of this one.
    public func began(
        host: String, disk: String, level: Int, datestamp: String? = nil, to destination: DumpDestination
    ) throws {
        let name = LogDumpName(
            host: host, disk: disk, datestamp: datestamp ?? run.description, level: level)
        try state.withLock { state in try began(name, to: destination, &state) }
    }

    /// How many bytes of a dump have been stored; for `amstatus` alone. Never waits, and is cheap when it is called often.
    public func progress(host: String, disk: String, level: Int, storedByteCount: Int64) {
        let name = LogDumpName(host: host, disk: disk, datestamp: run.description, level: level)
        progressFiles.update(name, storedByteCount: storedByteCount)
    }

    func began(_ name: LogDumpName, to destination: DumpDestination, _ state: inout State) throws {
        guard state.trace.running[name] == nil else { return }
        let rate = state.plan?.estimate(of: name)?.rate ?? 0
        try traceFile.append(
            state.trace.began(name, to: destination, rate: rate, statusFile: traceFile.statusFile, elapsed))
        if let serial = state.trace.running[name]?.serial { progressFiles.begin(name, serial: serial) }
    }

    /// What `amstatus` has to know of a dump that has ended.
    func ended(_ record: LoggedDump, _ state: inout State) throws {
        try began(record.name, to: record.destination(state.labels), &state)
        try progressFiles.end(record.name)
        try traceFile.append(state.trace.ended(record, elapsed))
    }
}

extension LoggedDump {
    fileprivate func destination(_ labels: [String]) -> DumpDestination {
        let label = parts.first?.label ?? labels.last ?? ""
        return switch way {
        case .straight: .volume(label: label)
        case .held(let file, _): .holding(file: file)
        case .flushed: .flush(file: "", label: label)
        }
    }
}
