// SPDX-License-Identifier: Apache-2.0

import AmandaFormat

extension DumpRecord {
    private static let maximumMessageCount = 100
    private static let unknown = CRCSize(crc32c: 0, byteCount: 0)

    /// The lines that tell Amanda of the dump, its verdict last but for the dumper's own.
    ///
    /// In the order in which stock Amanda writes them when it dumps straight to a volume.
    func logLines(volume: LogVolume) -> (untilVerdict: [LogLine], after: [LogLine]) {
        switch status {
        case .done, .strange: (partLines(volume) + [verdict(volume)], dumperLines)
        case .failed(let reason): (partLines(volume) + failureLines(volume, reason), [])
        }
    }

    /// The lines for a dump that never had a volume.
    func failureLinesWithoutVolume(_ reason: String) -> [LogLine] {
        [.fail(LogFailure(program: "dumper", dump: name, text: "[\(reason)]"))] + messageLines
    }

    private func partLines(_ volume: LogVolume) -> [LogLine] {
        var failure: String?
        if case .failed(let reason) = status { failure = reason }
        return parts.enumerated().map { index, part in
            .part(
                LogPart(
                    storage: volume.storage, pool: volume.pool, label: volume.label,
                    fileNumber: part.fileNumber,
                    dump: name, number: index + 1,
                    statistics: LogStatistics(
                        seconds: part.seconds, byteCount: part.byteCount, originalKiB: header.originalKiB),
                    failure: failure))
        }
    }

    private func verdict(_ volume: LogVolume) -> LogLine {
        .dump(
            LogDump(
                storage: volume.storage, pool: volume.pool, dump: name, partCount: parts.count,
                checksums: LogChecksums(
                    native: header.nativeCRC ?? Self.unknown, client: header.clientCRC ?? Self.unknown,
                    server: header.serverCRC ?? Self.unknown),
                statistics: LogStatistics(
                    seconds: seconds, byteCount: storedByteCount, originalKiB: header.originalKiB)))
    }

    /// A failed dump that reached the volume is `PARTIAL` there, and the dumper says why.
    private func failureLines(_ volume: LogVolume, _ reason: String) -> [LogLine] {
        let fail = LogLine.fail(LogFailure(program: "dumper", dump: name, text: "[\(reason)]"))
        guard !parts.isEmpty else {
            let text = "error " + AmandaQuotedString.quoteAlways(reason)
            let taper = LogFailure(
                program: "taper", storage: volume.storage, pool: volume.pool, dump: name, text: text)
            return [.fail(taper), fail] + messageLines
        }
        let partial = LogDump(
            storage: volume.storage, pool: volume.pool, dump: name, partCount: parts.count,
            checksums: LogChecksums(native: Self.unknown, client: Self.unknown, server: Self.unknown),
            statistics: LogStatistics(
                seconds: seconds, byteCount: storedByteCount, originalKiB: header.originalKiB),
            failure: reason)
        return [.dump(partial), fail] + messageLines
    }

    private var dumperLines: [LogLine] {
        let checksums = [header.nativeCRC ?? Self.unknown, header.clientCRC ?? Self.unknown]
        let statistics = LogStatistics(
            seconds: seconds, kibibytes: storedByteCount >> 10, originalKiB: header.originalKiB ?? 0)
        guard status == .strange else {
            return [
                .success(
                    LogSuccess(program: "dumper", dump: name, checksums: checksums, statistics: statistics))
            ]
        }
        return [
            .strange(
                LogStrange(
                    host: header.host, disk: header.disk, level: header.level, checksums: checksums,
                    statistics: statistics))
        ] + messageLines
    }

    /// Amanda marks a strange message with `?` and indents what belongs to the line above by two blanks.
    private var messageLines: [LogLine] {
        messages.prefix(Self.maximumMessageCount).map { .other("  ? " + $0) }
    }
}
