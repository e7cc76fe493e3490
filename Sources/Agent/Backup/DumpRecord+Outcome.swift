// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import AmandaFormat
import Dump
import Planning

extension DumpRecord {
    /// What a node record keeps of a dump.
    init(_ planned: PlannedDump, _ entry: DisklistEntry, _ outcome: DumpOutcome, node: String) {
        self.init(planned: planned, entry)
        switch outcome.status {
        case .done: status = .ok
        case .strange: status = .strange
        case .failed(let cause):
            status = .failed
            error = WireError(cause: cause, node: node)
        }
        attributes = outcome.attributes
        native = Stream(outcome.native)
        client = Stream(outcome.client)
        server = Stream(outcome.server)
        parts = outcome.parts
        seconds = outcome.seconds
        notes = outcome.notes
        strange = outcome.strange
        let points = outcome.recoveryPoints.prefix(RecoveryPoint.countLimit)
        recoveryPoints = points.isEmpty ? nil : points.map { RecoveryPoint(name: $0.name, value: $0.value) }
        if points.count < outcome.recoveryPoints.count {
            notes.append(
                "its scripts named \(outcome.recoveryPoints.count) recovery points, and the first \(points.count) are kept"
            )
        }
        keep(outcome.selection)
    }

    private mutating func keep(_ found: TarSelection?) {
        guard let found else { return }
        selection = DumpSelection(included: found.included, excluded: found.excludes)
        if selection == nil, let included = found.included {
            notes.append(
                "its include finds \(included.count) names, too many to be kept: what is deleted of them comes back when "
                    + "an increment is restored")
        }
    }

    mutating func add(_ findings: DumpFindings?) {
        names = findings?.names
        files = findings?.files
        directories = findings?.directories
        isMountPoint = findings?.isMountPoint
        deviceNumber = findings?.deviceNumber
    }

    /// A dump that is not made yet.
    init(planned: PlannedDump, _ entry: DisklistEntry) {
        self.init(entry, level: planned.level, status: .planned)
        expectation = DumpExpectation(
            dumpedBytes: planned.dump.nativeBytes, storedBytes: planned.dump.storedBytes,
            seconds: planned.dump.seconds, reason: planned.reason.description)
    }

    /// A disk that the run does not dump: because it is to be so, or because it cannot be.
    init(leftOut: DiskLeftOut, _ entry: DisklistEntry, node: String) {
        self.init(entry, level: 0, status: leftOut.isFailure ? .failed : .skipped)
        if leftOut.isFailure {
            error = WireError(
                leftOut.isRefused ? .configuration : .failed, node: node,
                "\(leftOut.name): \(leftOut.text.facts)", hint: leftOut.text.hint)
        } else {
            expectation = DumpExpectation(
                dumpedBytes: 0, storedBytes: 0, seconds: 0, reason: leftOut.description)
        }
    }

    private init(_ entry: DisklistEntry, level: Int, status: Status) {
        self.init(
            host: entry.host, disk: entry.diskName, device: entry.directory, level: level, status: status,
            compression: Compression(entry.dumptype.compression))
    }

    var name: DiskName { DiskName(host: host, disk: disk) }

    func isOf(_ entry: DisklistEntry) -> Bool { host == entry.host && disk == entry.diskName }
}

extension DumpRecord.Compression {
    fileprivate init(_ compression: DumpType.Compression) {
        switch compression {
        case .none: self = .none
        case .clientFast, .clientBest, .serverFast, .serverBest: self = .gzip
        case .clientCustom, .serverCustom: self = .custom
        }
    }
}

extension DumpRecord.Stream {
    init(_ sum: CRCSize) {
        let digits = String(sum.crc32c, radix: 16)
        self.init(
            crc32c: String(repeating: "0", count: 8 - digits.count) + digits, byteCount: sum.byteCount)
    }

    /// Nil where the record holds no checksum.
    var sum: CRCSize? { CRCSize(parsing: "\(crc32c):\(byteCount)") }
}
