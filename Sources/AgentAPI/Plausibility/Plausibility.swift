// SPDX-License-Identifier: Apache-2.0

/// Which part of the last plausible dump a dump must have at least (`plausibility` in `cluster.json`); 0: any will do.
public struct Plausibility: Codable, Sendable, Hashable {
    /// A disk that was below both is too small for shares.
    static let smallByteCount: Int64 = 1 << 20
    static let smallNameCount: Int64 = 100
    public static let shares: ClosedRange<Double> = 0...1

    /// Of a full dump's bytes.
    public var bytes: Double
    /// Of the names in all directories.
    public var names: Double

    public init(bytes: Double = 0.5, names: Double = 0.5) {
        self.bytes = bytes
        self.names = names
    }

    /// What crosses the wire is a claim.
    public var isPossible: Bool { Self.shares.contains(bytes) && Self.shares.contains(names) }

    /// Why a dump is suspect; nil: it is plausible, or there is nothing to compare it with.
    ///
    /// Pure; what either side does not know is never held against a dump.
    public func fault(of now: DumpMeasure, after measures: DumpMeasures) -> SuspectRecord? {
        guard var before = measures.full ?? measures.newest else { return nil }
        let newest = measures.newest ?? before
        // An increment that was accepted stands for the full dump; a disk that has filled again since is judged by what it held.
        if before.level > 0, (newest.names ?? 0) > (before.names ?? 0) { before = newest }
        before.names = before.names ?? newest.names
        before.files = before.files ?? newest.files
        before.isMountPoint = newest.isMountPoint
        before.deviceNumber = newest.deviceNumber
        before.holes = newest.holes
        var reasons: [SuspectRecord.Reason] = []
        if now.files == 0, hasFiles(newest) ?? hasFiles(before) ?? false { reasons.append(.noFile) }
        if !isSmall(before) {
            if isShort(now.bytes, of: before.bytes, share: bytes) { reasons.append(.bytes) }
            if isShort(now.names, of: before.names, share: names) { reasons.append(.names) }
        }
        if newest.isMountPoint == true, now.isMountPoint == false { reasons.append(.mountPoint) }
        if hasNewHole(now, newest) { reasons.append(.hole) }
        return reasons.isEmpty ? nil : SuspectRecord(reasons, before: before, now: now)
    }

    /// A full dump of more than this holds files: what an empty tree and its directories take is less.
    private func hasFiles(_ measure: DumpMeasure) -> Bool? {
        measure.files.map { $0 > 0 } ?? measure.bytes.map { $0 >= Self.smallByteCount }
    }

    private func isSmall(_ measure: DumpMeasure) -> Bool {
        (measure.bytes ?? 0) < Self.smallByteCount && (measure.names ?? 0) < Self.smallNameCount
    }

    private func isShort(_ now: Int64?, of before: Int64?, share: Double) -> Bool {
        guard let now, let before else { return false }
        return Double(now) < Double(before) * share
    }

    private func hasNewHole(_ now: DumpMeasure, _ newest: DumpMeasure) -> Bool {
        guard let known = newest.holes, let found = now.holes else { return false }
        return !Set(found.map(\.path)).isSubset(of: known.map(\.path))
    }
}
