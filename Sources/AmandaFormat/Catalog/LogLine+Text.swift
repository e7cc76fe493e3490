// SPDX-License-Identifier: Apache-2.0

extension LogLine {
    /// Source: Amanda 3.5.1 `server-src/planner.c`; `perl/Amanda/Report.pm` knows it from a dump by that word.
    static let skippedStart = "[skipped: "

    /// The line as it stands in the log, without its newline.
    public var text: String {
        switch self {
        case .start(let program, let datestamp): "START \(program) date \(datestamp)"
        case .startTaper(let volume):
            (["START taper datestamp", volume.datestamp] + Self.place(volume.storage, volume.pool)
                + ["label", Self.quote(volume.label), "tape", String(volume.number)]).joined(separator: " ")
        case .disk(let program, let host, let disk):
            "DISK \(program) \(Self.quote(host)) \(Self.quote(disk))"
        case .part(let part): Self.text(part)
        case .dump(let dump): Self.text(dump)
        case .success(let success):
            (["SUCCESS", success.program] + Self.words(success.dump) + success.checksums.map(\.description)
                + [success.statistics.text]).joined(separator: " ")
        case .skipped(let dump, let reason):
            (["SUCCESS planner"] + Self.words(dump) + [Self.skippedStart + reason + "]"]).joined(
                separator: " ")
        case .strange(let strange):
            (["STRANGE dumper", Self.quote(strange.host), Self.quote(strange.disk), String(strange.level)]
                + strange.checksums.map(\.description) + [strange.statistics.text]).joined(separator: " ")
        case .fail(let failure):
            (["FAIL", failure.program] + Self.place(failure.storage, failure.pool) + Self.words(failure.dump)
                + [failure.text]).joined(separator: " ")
        case .finish(let program, let datestamp, let seconds):
            "FINISH \(program) date \(datestamp) time \(seconds)"
        case .note(let kind, let program, let text): "\(kind) \(program) \(text)"
        case .other(let line): line
        }
    }

    private static func text(_ part: LogPart) -> String {
        var words =
            [part.failure == nil ? "PART taper" : "PARTPARTIAL taper"] + place(part.storage, part.pool)
        words += [quote(part.label), String(part.fileNumber), quote(part.dump.host), quote(part.dump.disk)]
        words += [
            part.dump.datestamp, "\(part.number)/\(part.total)", String(part.dump.level),
            part.statistics.text,
        ]
        if let failure = part.failure { words.append(AmandaQuotedString.quoteAlways(failure)) }
        return words.joined(separator: " ")
    }

    private static func text(_ dump: LogDump) -> String {
        var words = [dump.failure == nil ? "DONE taper" : "PARTIAL taper"] + place(dump.storage, dump.pool)
        words += [quote(dump.dump.host), quote(dump.dump.disk), dump.dump.datestamp, String(dump.partCount)]
        words.append(String(dump.dump.level))
        if let sums = dump.checksums {
            words += [sums.native.description, sums.client.description, sums.server.description]
        }
        words.append(dump.statistics.text)
        if let failure = dump.failure, !failure.isEmpty {
            words.append(AmandaQuotedString.quoteAlways(failure))
        }
        return words.joined(separator: " ")
    }

    private static func words(_ dump: LogDumpName) -> [String] {
        [quote(dump.host), quote(dump.disk), dump.datestamp, String(dump.level)]
    }

    /// `"ST:<storage>" "POOL:<pool>"`; the colon forces the quotes.
    private static func place(_ storage: String?, _ pool: String?) -> [String] {
        [storage.map { quote("ST:" + $0) }, pool.map { quote("POOL:" + $0) }].compactMap { $0 }
    }

    private static func quote(_ name: String) -> String { AmandaQuotedString.quote(name) }
}
