// SPDX-License-Identifier: Apache-2.0

import AmandaFormat

extension RunTrace {
    /// - Parameter statusFile: of a dump's serial number; it holds the bytes that have been stored, for `amstatus` to read.
    mutating func began(
        _ dump: LogDumpName, to destination: DumpDestination, rate: Int64, statusFile: (String) -> String,
        _ elapsed: String
    ) -> [String] {
        var lines: [String] = []
        let isFlush = if case .flush = destination { true } else { false }
        if !isFlush, waiting.remove(dump) == nil {
            lines += schedule([.init(host: dump.host, disk: dump.disk, level: dump.level)])
            waiting.remove(dump)
        }
        let used = Set(running.values.map(\.dumper))
        let running = Running(
            serial: nextSerial(), dumper: (0...used.count).first { !used.contains($0) } ?? 0,
            worker: destination.label.flatMap { volumes.firstIndex(of: $0) } ?? 0, destination: destination,
            rate: rate)
        self.running[dump] = running
        lines += commands(dump, running, statusFile: statusFile(running.serial), elapsed)
        return lines + [state(elapsed)]
    }

    private func commands(
        _ dump: LogDumpName, _ running: Running, statusFile: String, _ elapsed: String
    ) -> [String] {
        let (host, disk) = (quote(dump.host), quote(dump.disk))
        let serial = running.serial
        let send = "driver: send-cmd time \(elapsed) to"
        let worker = "worker0-\(running.worker)"
        let status = "taper: status file taper0 \(worker) \(host) \(disk):\(quote(statusFile))"
        let dumper =
            "\(send) dumper\(running.dumper): PORT-DUMP \(serial) 0 NULL 1 \(host) \(Self.features) \(disk)"
            + " NODEVICE \(dump.level) 1970:1:1:0:0:0"
        switch running.destination {
        case .volume:
            return [
                "\(send) taper0: PORT-WRITE \(worker) \(serial) \(host) \(disk) \(dump.level) \(dump.datestamp)",
                status, dumper,
            ]
        case .holding(let file):
            return [
                "\(send) chunker\(running.dumper): PORT-WRITE \(serial) \(quote(file)) \(host)"
                    + " \(Self.features) \(disk) \(dump.level) \(dump.datestamp)",
                dumper,
            ]
        case .flush(let file, _):
            let isOld = dump.datestamp != run.description
            return [
                isOld
                    ? "FLUSH 1;\(storage) \(host) \(disk) \(dump.datestamp) \(dump.level) \(quote(file))"
                    : "driver: to write host \(host) disk \(disk) date \(dump.datestamp) on storage \(quote(storage))",
                "\(send) taper0: FILE-WRITE \(worker) \(serial) \(quote(file)) \(host) \(disk) \(dump.level)"
                    + " \(dump.datestamp)",
                status,
            ]
        }
    }

    /// The end of a dump that has begun.
    mutating func ended(_ record: LoggedDump, _ elapsed: String) -> [String] {
        guard let running = running.removeValue(forKey: record.name) else { return [] }
        let result = "driver: result time \(elapsed) from"
        let last = record.parts.last.flatMap { volumes.firstIndex(of: $0.label) } ?? running.worker
        let taper = "worker0-\(last) \(running.serial)"
        var lines: [String]
        if case .failed(let reason) = record.status {
            lines = failures(running, taper, reason, result)
        } else {
            lines = record.parts.map { part in
                let worker = volumes.firstIndex(of: part.label) ?? 0
                return "\(result) taper0: PARTDONE worker0-\(worker) \(running.serial) \(quote(part.label))"
                    + " \(part.fileNumber) \(part.byteCount >> 10) \"[sec \(LogStatistics.decimal(record.seconds(of: part)))]\""
            }
            lines += successes(record, running, taper, result)
        }
        return lines + [state(elapsed)]
    }

    private func successes(
        _ record: LoggedDump, _ running: Running, _ taper: String, _ result: String
    ) -> [String] {
        let storedKiB = record.storedByteCount >> 10
        let original = record.header.originalKiB ?? storedKiB
        let figures = LogStatistics(
            seconds: record.seconds, byteCount: record.storedByteCount, originalKiB: original)
        let dumper =
            "\(result) dumper\(running.dumper): DONE \(running.serial) \(original) \(storedKiB)"
            + " \(Int64(record.seconds)) \"\(figures.text)\""
        let taken =
            "\(result) taper0: DONE \(taper) INPUT-GOOD TAPE-GOOD \"\(record.header.serverCRC?.description ?? "")\""
            + " \"\(figures.text)\" \"\" \"\""
        switch running.destination {
        case .volume: return [dumper, taken]
        case .holding:
            return [
                dumper,
                "\(result) chunker\(running.dumper): DONE \(running.serial) \(storedKiB) \"\(figures.text)\"",
            ]
        case .flush: return [taken]
        }
    }

    private func failures(
        _ running: Running, _ taper: String, _ reason: String, _ result: String
    ) -> [String] {
        let reason = AmandaQuotedString.quoteAlways(reason)
        let dumper = "\(result) dumper\(running.dumper): FAILED \(running.serial) \(reason)"
        switch running.destination {
        case .volume:
            return [dumper, "\(result) taper0: FAILED \(taper) INPUT-ERROR TAPE-GOOD \(reason) \"\""]
        case .holding:
            return [dumper, "\(result) chunker\(running.dumper): FAILED \(running.serial) \(reason)"]
        case .flush:
            return ["\(result) taper0: FAILED \(taper) INPUT-GOOD TAPE-ERROR \"\" \(reason)"]
        }
    }
}
