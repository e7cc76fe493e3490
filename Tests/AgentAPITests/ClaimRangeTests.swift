// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

@testable import AgentAPI

/// The table by which numbers of other machines are judged: each of its rows counts, up to its ends and no further.
@Suite struct ClaimRangeTests {
    /// A document with whatever number under whatever name.
    private struct Numbers<Number: Decodable & Sendable>: Decodable, Sendable {
        let numbers: [String: Number]
    }

    @Test(arguments: ClaimRange.whole.sorted { $0.key < $1.key })
    func `a field with a range of its own is held against it`(field: String, range: ClosedRange<Int64>) throws
    {
        for number in [range.lowerBound, range.upperBound] {
            #expect(try read(Int64.self, field, "\(number)") == number)
        }
        let outside = [range.lowerBound - 1] + (range.upperBound < .max ? [range.upperBound + 1] : [])
        for number in outside {
            let error = #expect(throws: WireJSONError.self) { try read(Int64.self, field, "\(number)") }
            #expect(
                error?.reason.contains("\(number) is out of range: from \(range.lowerBound) to ") == true,
                "\(error.map { "\($0)" } ?? "nothing")")
        }
    }

    @Test func `any other whole number is a count, up to an exbibyte`() throws {
        #expect(try read(Int64.self, "usedBytes", "\(1 << 60)") == 1 << 60)
        for number in ["\((1 << 60) + 1)", "-1"] {
            #expect(throws: WireJSONError.self) { try read(Int64.self, "usedBytes", number) }
        }
    }

    @Test func `any other fraction is a time, a rate or a share`() throws {
        #expect(try read(Double.self, "seconds", "1e15") == 1e15)
        #expect(try read(Double.self, "storageClockOffsetSeconds", "-1e10") == -1e10)
        for (field, number) in [
            ("seconds", "1.1e15"), ("seconds", "-0.5"), ("storageClockOffsetSeconds", "-1.1e10"),
        ] {
            #expect(throws: WireJSONError.self) { try read(Double.self, field, number) }
        }
    }

    @Test func `what names something may be any number that is not below nothing`() throws {
        for field in ClaimRange.names {
            #expect(try read(UInt64.self, field, "\(UInt64.max)") == .max)
            #expect(throws: WireJSONError.self) { try read(Int64.self, field, "-1") }
        }
    }

    @Test func `times are of the years 1970 to 9999`() throws {
        #expect(try read(Date.self, "time", #""9999-12-31T23:59:59Z""#) == ClaimRange.dates.upperBound)
        for time in ["1969-12-31T23:59:59Z", "10000-01-01T00:00:00Z", "-0001-01-01T00:00:00Z"] {
            #expect(throws: WireJSONError.self) { try read(Date.self, "time", "\"\(time)\"") }
        }
    }

    private func read<Number: Decodable & Sendable>(
        _ type: Number.Type, _ field: String, _ number: String
    ) throws -> Number? {
        let text = "{\"format\": 1, \"numbers\": {\"\(field)\": \(number)}}"
        return try WireJSON.read(Numbers<Number>.self, from: Array(text.utf8), what: "document").numbers[
            field]
    }
}
