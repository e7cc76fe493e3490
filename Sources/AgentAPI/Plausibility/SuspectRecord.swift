// SPDX-License-Identifier: Apache-2.0

public import FoundationEssentials

/// Why a dump that is stored as always is not believed to hold its disk.
public struct SuspectRecord: Codable, Sendable, Hashable {
    public enum Reason: String, Sendable, Hashable {
        /// Of a self-backup: an empty machine could not become the node from it.
        case selfBackup
        /// Where there were some.
        case noFile
        /// A full dump, compared with the last plausible one.
        case bytes
        case names
        /// The disk's directory is a mount point no longer.
        case mountPoint
        /// Something is mounted inside that was not.
        case hole
        /// Of a newer agent.
        case other
    }

    /// Never empty; the weightiest first.
    var reasons: [Reason]
    /// The last plausible dump.
    public var before: DumpMeasure
    /// The suspect one.
    public var now: DumpMeasure
    /// When an operator said that it is as it should be, and who.
    public var acceptedAt: Date?
    public var acceptedBy: String?
    /// With `selfBackup`: what it lacks.
    public private(set) var gaps: [SelfBackupGap]?

    /// A self-backup from which nobody could start.
    ///
    /// - Parameters:
    ///   - gaps: at least one.
    ///   - other: why it was suspect anyway.
    public init(lacking gaps: [SelfBackupGap], besides other: SuspectRecord?, now: DumpMeasure) {
        self.init([.selfBackup] + (other?.reasons ?? []), before: other?.before ?? now, now: now)
        self.gaps = Array(gaps.prefix([SelfBackupGap].toldLimit))
    }

    init(_ reasons: [Reason], before: DumpMeasure, now: DumpMeasure) {
        self.reasons = reasons
        self.before = before
        self.now = now
    }

    /// In words, with both figures.
    public var text: String {
        let why = reasons.map { reason in
            switch reason {
            case .selfBackup: "an empty machine could not start from it: it lacks \((gaps ?? []).text)"
            case .noFile: "no file, where there were some"
            case .bytes: "too few bytes"
            case .names: "too few names"
            case .mountPoint: "its directory is no mount point any more"
            case .hole: "something is mounted inside that was not: \(newHoles)"
            case .other: "a newer agent says so"
            }
        }
        if reasons == [.selfBackup] { return why[0] }
        return "\(why.joined(separator: "; ")): \(now.figures) now, \(before.figures) in run \(before.run)"
    }

    /// Whether it is one of those from which nobody could start.
    public var isOfSelfBackup: Bool { reasons.contains(.selfBackup) }

    /// What to do; nil: nothing that is particular to it.
    public var mend: String? { isOfSelfBackup ? gaps?.mend : nil }

    private var newHoles: String {
        let known = Set((before.holes ?? []).map(\.path))
        return (now.holes ?? []).filter { !known.contains($0.path) }.map(\.text).joined(separator: ", ")
    }
}

extension SuspectRecord.Reason: Codable {
    public init(from decoder: any Decoder) throws {
        self = Self(rawValue: try decoder.singleValueContainer().decode(String.self)) ?? .other
    }
}
