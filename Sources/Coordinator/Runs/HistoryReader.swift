// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import AmandaFormat
import S3

/// Reads what is kept of runs whose volumes are all overwritten: one object a year.
struct HistoryReader: Sendable {
    let bucket: ClusterBucket

    /// Nil where nothing of the run is kept. One request, or two where there is no such year.
    func line(of run: RunName) async throws -> HistoryLine? {
        try await year(String(run.digits.prefix(4)))?.value.line(of: run)
    }

    /// Nil where there is none of that year.
    ///
    /// - Throws: `S3Error`, `WireJSONError`.
    func year(_ year: String) async throws -> ClusterBucket.Stored<RunHistory>? {
        let key = bucket.layout.history(ofYear: year)
        do {
            let (bytes, version) = try await bucket.client.get(key, limit: ClusterBucket.documentLimit)
            return ClusterBucket.Stored(
                value: try RunHistory(parsing: bytes, what: "'\(key)'"),
                object: S3KnownObject(bytes: bytes, version: version))
        } catch S3Error.notFound {
            return nil
        }
    }

    /// Newest first, of whole years, until `limit` is reached; nil: all. A listing, and a request a year that is read.
    ///
    /// - Parameter since: older years are not read.
    func newest(_ limit: Int?, since: RunName?) async throws -> [HistoryLine] {
        let prefix = bucket.layout.history
        let years = try await bucket.client.list(prefix: prefix).objects.compactMap { object -> String? in
            let name = object.key.dropFirst(prefix.count)
            guard name.hasSuffix(".jsonl"), name.count == 10 else { return nil }
            return String(name.prefix(4))
        }
        var lines: [HistoryLine] = []
        for year in years.sorted(by: >) where since.map({ year >= $0.digits.prefix(4) }) ?? true {
            lines += try await self.year(year)?.value.lines.reversed() ?? []
            if let limit, lines.count >= limit { break }
        }
        return lines
    }
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
            year = try await reader.year(name)?.value ?? RunHistory()
            years[name] = year
        }
        return year.lines.first { $0.run.digits == digits }
    }
}
