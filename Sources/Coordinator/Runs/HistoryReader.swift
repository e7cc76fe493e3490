// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import AmandaFormat
import S3

/// Reads what is kept of runs whose volumes are all overwritten: an object a year, more of them where one would become too long.
struct HistoryReader: Sendable {
    /// More than a part ever is; one that somebody has made longer is named, and costs no other.
    static let documentLimit = 96 << 20
    /// A part of so many bytes gets no more lines: the next one does. Of a year 365 runs of a thousand nodes are some 35 MiB.
    static let fullByteCount = 48 << 20
    /// Only coordinators write there, a few objects a year.
    private static let objectLimit = 10_000
    /// Of a year; 48 GiB.
    private static let partLimit = 1_000

    let bucket: ClusterBucket
    /// Of a part, from which on there may be another.
    var fullByteCount = Self.fullByteCount
    var documentLimit = Self.documentLimit

    /// One object of a year.
    struct Part: Sendable {
        let number: Int
        let key: String
        /// Empty where it is too long to be read.
        let history: RunHistory
        /// nil: it is too long to be read.
        let object: S3KnownObject?
        /// Whether further lines go into another, and there may be one.
        let isFull: Bool
    }

    /// Nil where nothing of the run is kept. A request a part, and one where there is no such year.
    func line(of run: RunName) async throws -> HistoryLine? { try await year(of: run)?.line(of: run) }

    /// The history of the run's year; nil where there is none.
    func year(of run: RunName) async throws -> RunHistory? { try await year(String(run.digits.prefix(4))) }

    /// Nil where there is none of that year.
    ///
    /// - Throws: `S3Error`.
    func year(_ year: String) async throws -> RunHistory? {
        var whole: RunHistory?
        try await forEachPart(of: year) { part in whole = (whole ?? RunHistory()).joined(with: part.history) }
        return whole
    }

    /// The parts of a year in their order, one in memory at a time. A request each, and one more behind a full one.
    func forEachPart(of year: String, _ body: (Part) async throws -> Void) async throws {
        for number in 1...Self.partLimit {
            guard let part = try await part(number, of: year) else { return }
            try await body(part)
            guard part.isFull else { return }
        }
    }

    private func part(_ number: Int, of year: String) async throws -> Part? {
        let key = bucket.layout.history(ofYear: year, part: number)
        do {
            let (bytes, version) = try await bucket.client.get(key, limit: documentLimit)
            return Part(
                number: number, key: key, history: RunHistory(parsing: bytes, what: "'\(key)'"),
                object: S3KnownObject(bytes: bytes, version: version), isFull: bytes.count >= fullByteCount)
        } catch S3Error.notFound {
            return nil
        } catch S3Error.tooLong(_, let limit) {
            let reason = WireJSONError(what: "'\(key)'", longerThan: limit)
            return Part(
                number: number, key: key, history: RunHistory(unread: reason), object: nil, isFull: true)
        }
    }

    /// Newest first, of whole years, until `limit` is reached; nil: all. A listing, and a request a part that is read.
    ///
    /// - Parameter since: older years are not read.
    func newest(_ limit: Int?, since: RunName?) async throws -> NewestHistory {
        let listed = try await bucket.client.list(prefix: bucket.layout.history, atMost: Self.objectLimit)
        let parts = Dictionary(
            grouping: listed.objects.compactMap { bucket.layout.historyPart(ofKey: $0.key) }, by: \.year)
        var newest = NewestHistory()
        for (year, parts) in parts.sorted(by: { $0.key > $1.key })
        where since.map({ year >= $0.digits.prefix(4) }) ?? true {
            var history = RunHistory()
            for number in parts.map(\.part).sorted() {
                guard let part = try await part(number, of: year) else { continue }
                history = history.joined(with: part.history)
            }
            newest.lines += history.lines.reversed()
            newest.unread += history.unread.reasons
            newest.unreadCount += history.unread.count
            if let limit, newest.lines.count >= limit { break }
        }
        return newest
    }
}

/// Lines of the newest years, newest first.
struct NewestHistory: Sendable {
    var lines: [HistoryLine] = []
    /// Of lines that could not be read, the first of each year.
    var unread: [WireJSONError] = []
    /// How many there are.
    var unreadCount = 0
}

/// Lines that are asked for one by one: each year is read once.
struct HistoryYears {
    private let reader: HistoryReader
    private var years: [String: RunHistory] = [:]

    init(_ reader: HistoryReader) {
        self.reader = reader
    }

    /// - Parameter digits: a run's name.
    mutating func line(of digits: String) async throws -> HistoryLine? {
        let name = String(digits.prefix(4))
        let year: RunHistory
        if let known = years[name] {
            year = known
        } else {
            year = try await reader.year(name) ?? RunHistory()
            years[name] = year
        }
        return year.lines.first { $0.run.digits == digits }
    }
}
