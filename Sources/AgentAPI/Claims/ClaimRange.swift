// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials

/// Which numbers a field may hold. What another machine sends or the bucket holds is a claim; this is the one table by which all of
/// it is judged, by the field's name. A field that it does not name has the range of its kind, so that none can be forgotten.
enum ClaimRange {
    /// Counts and bytes: none below 0, none beyond an exbibyte.
    static let anyWhole: ClosedRange<Int64> = 0...(1 << 60)
    /// Seconds, rates and shares.
    static let anyFraction: ClosedRange<Double> = 0...1e15
    /// The years 1970 to 9999: certificates without an end have the last second of it.
    static let dates = Date(timeIntervalSince1970: 0)...Date(timeIntervalSince1970: 253_402_300_799)

    /// What has a range of its own.
    static let whole: [String: ClosedRange<Int64>] = [
        // Source: Amanda 3.5.1 `common-src/amanda.h`, `DUMP_LEVELS`.
        "level": 0...399,
        "levels": 0...399,
        "attempt": 0...1_000_000,
        "revision": 0...1_000_000_000,
        "sequence": 0...(1 << 53),
        "lastSequence": 0...(1 << 53),
        // What it may be depends on the time: see `Fence`.
        "fence": 0...Int64.max,
        "highestFence": 0...Int64.max,
        "fileNumber": 0...Int64(UInt32.max),
        "blockCount": 0...(1 << 40),
        "finishedDisks": 0...Int64(Int32.max),
        "totalDisks": 0...Int64(Int32.max),
        "slot": 0...Int64(Int32.max),
        "writtenByRun": 0...Int64(Int32.max),
        "asked": 0...Int64(Int32.max),
        "left": 0...Int64(Int32.max),
        "line": 0...Int64(Int32.max),
        "column": 0...Int64(Int32.max),
        "days": 0...Int64(Int32.max),
        "deadlineSeconds": 0...Int64(Int32.max),
        "storageOutageSeconds": 0...Int64(Int32.max),
        "holdAfterSeconds": 0...Int64(Int32.max),
        "format": 0...Int64(Int32.max),
    ]

    static let fractions: [String: ClosedRange<Double>] = [
        // Three centuries either way.
        "storageClockOffsetSeconds": -1e10...1e10
    ]

    /// Numbers that name something, and count nothing.
    static let names: Set<String> = ["deviceNumber", "device", "inode"]

    static func whole(_ field: String) -> ClosedRange<Int64> { whole[field] ?? anyWhole }
    static func fraction(_ field: String) -> ClosedRange<Double> { fractions[field] ?? anyFraction }
}

extension ClaimRange {
    /// - Parameter path: the value's place; its last name is the field's.
    static func check<Number: FixedWidthInteger>(_ number: Number, at path: [any CodingKey]) throws -> Number
    {
        let field = field(path)
        if names.contains(field), number >= 0 { return number }
        let range = whole(field)
        guard let value = Int64(exactly: number), range.contains(value) else {
            throw outside("\(number)", "\(range.lowerBound)", "\(range.upperBound)", path)
        }
        return number
    }

    static func check(_ number: Double, at path: [any CodingKey]) throws -> Double {
        let range = fraction(field(path))
        guard range.contains(number) else {
            throw outside("\(number)", "\(range.lowerBound)", "\(range.upperBound)", path)
        }
        return number
    }

    static func check(_ date: Date, at path: [any CodingKey]) throws -> Date {
        guard dates.contains(date) else {
            throw outside("the time", "1970", "9999", path)
        }
        return date
    }

    /// The last name of a path; places in lists have none.
    private static func field(_ path: [any CodingKey]) -> String {
        path.last { $0.intValue == nil }?.stringValue ?? ""
    }

    private static func outside(
        _ value: String, _ lowest: String, _ highest: String, _ path: [any CodingKey]
    ) -> DecodingError {
        .dataCorrupted(
            .init(
                codingPath: path,
                debugDescription: "\(value) is out of range: from \(lowest) to \(highest) is possible"))
    }
}
