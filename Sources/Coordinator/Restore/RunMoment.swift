// SPDX-License-Identifier: Apache-2.0

public import AgentAPI
public import AmandaFormat
import CivilCalendar
public import FoundationEssentials

/// How old a run must be, as `--at` says it.
public enum RunMoment: Sendable, Equatable {
    /// Wall clock time, as runs are named: a run of that name or an older one. A coordinator in another time zone names its runs by
    /// another clock.
    case name(RunName)
    /// A moment by UTC: a run that had begun by then.
    case instant(Date)

    /// How far clocks on the wall are apart at most, in seconds.
    private static let greatestZoneDifference: Int64 = 26 * 3600

    /// A run's name, `2026-11-30 02:00[:00]` (this machine's local time, as runs are named), or the same with a `T` and a zone: `Z`,
    /// `+01:00`. A minute without its seconds is meant to its end: a run of two o'clock has some seconds in its name.
    ///
    /// - Throws: `CoordinatorError.unusableName` for anything else.
    public init(argument text: String) throws(CoordinatorError) {
        if let name = RunName(text) {
            self = .name(name)
            return
        }
        guard let (civil, rest) = Self.civil(text), let zone = Self.zone(rest) else {
            throw .unusableName(
                what: "--at",
                fault: "must be a run's name, '2026-11-30 02:00' or '2026-11-30T02:00:00Z', found '\(text)'")
        }
        switch zone {
        case .local:
            guard let name = RunName(civil) else {
                throw .unusableName(what: "--at", fault: "names no year that a run can have: '\(text)'")
            }
            self = .name(name)
        case .offset(let seconds):
            self = .instant(Date(timeIntervalSince1970: Double(civil.secondsSince1970 - seconds)))
        }
    }

    private enum Zone {
        case local
        /// Ahead of UTC.
        case offset(Int64)
    }

    /// The date and time at the front, and what follows.
    private static func civil(_ text: String) -> (CivilTime, Substring)? {
        let bytes = Array(text.utf8)
        guard bytes.count >= 16, bytes.allSatisfy({ $0 < 0x80 }) else { return nil }
        let shape = Array("dddd-dd-dd?dd:dd".utf8)
        for (index, kind) in shape.enumerated() {
            let byte = bytes[index]
            let fits =
                switch kind {
                case UInt8(ascii: "d"): (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
                case UInt8(ascii: "?"): byte == UInt8(ascii: " ") || byte == UInt8(ascii: "T")
                default: byte == kind
                }
            guard fits else { return nil }
        }
        var digits = String(decoding: bytes.prefix(16).filter { (0x30...0x39).contains($0) }, as: UTF8.self)
        var rest = text.dropFirst(16)
        if rest.hasPrefix(":") {
            digits += rest.dropFirst().prefix(2)
            rest = rest.dropFirst(3)
        } else {
            digits += "59"
        }
        return CivilTime(digits: digits).map { ($0, rest) }
    }

    private static func zone(_ text: Substring) -> Zone? {
        if text.isEmpty { return .local }
        if text == "Z" { return .offset(0) }
        let digits = text.dropFirst().filter { $0 != ":" }
        guard let sign = text.first, sign == "+" || sign == "-", digits.count == 4,
            digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }),
            let hours = Int64(digits.prefix(2)), let minutes = Int64(digits.suffix(2)),
            (0...14).contains(hours), (0..<60).contains(minutes)
        else { return nil }
        return .offset((sign == "+" ? 1 : -1) * (hours * 3600 + minutes * 60))
    }

    /// Whether a run may be old enough, by its name alone.
    func mayHold(_ run: RunName) -> Bool {
        switch self {
        case .name(let limit): run <= limit
        case .instant(let limit):
            Double(run.civil.secondsSince1970 - Self.greatestZoneDifference) <= limit.timeIntervalSince1970
        }
    }

    /// Whether it is.
    func holds(_ manifest: RunManifest) -> Bool {
        switch self {
        case .name: mayHold(manifest.run)
        case .instant(let limit): manifest.startedAt <= limit
        }
    }

    /// `2026-11-30 02:00:00`, and of a moment by UTC its zone.
    var text: String {
        switch self {
        case .name(let run): LocalTime(run).text
        case .instant(let date):
            RunName(CivilTime(secondsSince1970: Int64(date.timeIntervalSince1970)))
                .map { LocalTime($0).text + " UTC" } ?? "\(date)"
        }
    }
}
