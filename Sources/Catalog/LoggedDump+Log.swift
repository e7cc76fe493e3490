// SPDX-License-Identifier: Apache-2.0

import AmandaFormat

/// The storage and the pool that a line names.
struct LogPlace {
    var storage: String
    var pool: String
}

extension LoggedDump {
    private static let maximumMessageCount = 100
    private static let unknown = CRCSize(crc32c: 0, byteCount: 0)

    /// The lines that tell Amanda of the dump, its verdict last but for the dumper's own.
    ///
    /// In the order in which stock Amanda writes them when it dumps straight to a volume, to a holding disk, or from there.
    ///
    /// - Parameter place: nil where no volume could be had.
    func logLines(_ place: LogPlace?) -> (untilVerdict: [LogLine], after: [LogLine]) {
        switch (status, way) {
        case (.failed(let reason), .flushed): (failureLines(place, reason, byTaper: true), [])
        case (.failed(let reason), _): (failureLines(place, reason, byTaper: false), [])
        case (_, .straight): (partLines(place) + [verdict(place)], dumperLines)
        case (_, .held): (dumperLines + [chunkerLine], [])
        case (_, .flushed): (partLines(place) + [verdict(place)], [])
        }
    }

    private func partLines(_ place: LogPlace?) -> [LogLine] {
        var failure: String?
        if case .failed(let reason) = status { failure = reason }
        return parts.enumerated().map { index, part in
            .part(
                LogPart(
                    storage: place?.storage, pool: place?.pool, label: part.label,
                    fileNumber: part.fileNumber, dump: name, number: index + 1,
                    statistics: LogStatistics(
                        seconds: seconds(of: part), byteCount: part.byteCount, originalKiB: header.originalKiB
                    ),
                    failure: failure))
        }
    }

    private func verdict(_ place: LogPlace?) -> LogLine {
        .dump(
            LogDump(
                storage: place?.storage, pool: place?.pool, dump: name, partCount: parts.count,
                checksums: LogChecksums(
                    native: header.nativeCRC ?? Self.unknown, client: header.clientCRC ?? Self.unknown,
                    server: header.serverCRC ?? Self.unknown),
                statistics: LogStatistics(
                    seconds: seconds, byteCount: storedByteCount, originalKiB: header.originalKiB)))
    }

    /// A failed dump that reached the volume is `PARTIAL` there, and the dumper says why. Of a dump from a holding disk
    /// the dumper has nothing to say.
    private func failureLines(_ place: LogPlace?, _ reason: String, byTaper: Bool) -> [LogLine] {
        let dumper = LogLine.fail(LogFailure(program: "dumper", dump: name, text: "[\(reason)]"))
        let after = byTaper ? [] : [dumper] + messageLines
        guard let place else {
            return byTaper
                ? [.fail(LogFailure(program: "taper", dump: name, text: "[\(reason)]"))] : after
        }
        guard !parts.isEmpty else {
            let text = "error " + AmandaQuotedString.quoteAlways(reason)
            let taper = LogFailure(
                program: "taper", storage: place.storage, pool: place.pool, dump: name, text: text)
            return [.fail(taper)] + after
        }
        let partial = LogDump(
            storage: place.storage, pool: place.pool, dump: name, partCount: parts.count,
            checksums: LogChecksums(native: Self.unknown, client: Self.unknown, server: Self.unknown),
            statistics: LogStatistics(
                seconds: seconds, byteCount: storedByteCount, originalKiB: header.originalKiB),
            failure: reason)
        return partLines(place) + [.dump(partial)] + after
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

    private var chunkerLine: LogLine {
        .success(
            LogSuccess(
                program: "chunker", dump: name, checksums: [header.serverCRC ?? Self.unknown],
                statistics: LogStatistics(seconds: seconds, kibibytes: storedByteCount >> 10)))
    }

    /// Amanda marks a strange message with `?` and indents what belongs to the line above by two blanks.
    private var messageLines: [LogLine] {
        messages.prefix(Self.maximumMessageCount).map { .other("  ? " + $0) }
    }
}
