// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Secret
import Testing

@testable import S3

/// Docs/OPERATIONS.md, "What the store's answers mean", and the code's table say the same.
@Suite struct AnswerTableTests {
    private struct Row {
        let codes: [String]
        let statuses: [Int]
        let again: String
        let concerns: String
    }

    private static func rows() throws -> [Row] {
        let package = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let bytes = try Data(contentsOf: package.appendingPathComponent("Docs/OPERATIONS.md"))
        let page = String(decoding: bytes, as: UTF8.self)
        let heading = try #require(page.firstRange(of: "## What the store's answers mean\n"))
        let section = page[heading.upperBound...].prefix(
            upTo: page[heading.upperBound...].firstRange(of: "\n## ")?.lowerBound ?? page.endIndex)
        return section.split(separator: "\n").filter { $0.hasPrefix("| ") }.dropFirst().map { line in
            let cells = line.dropFirst().dropLast().split(separator: "|", omittingEmptySubsequences: false)
                .map { $0.split(separator: ", ").map { $0.trimmed }.filter { !$0.isEmpty } }
            return Row(
                codes: cells[0], statuses: cells[1].compactMap { Int($0) },
                again: cells[2].joined(separator: ", "), concerns: cells[3].joined(separator: ", "))
        }
    }

    private static func again(_ retryClass: RetryClass) -> String {
        switch retryClass {
        case .foreign: "no answer of the store's"
        case .transient: "until `limits.storageOutage`"
        case .slowDown: "until `limits.storageOutage`, fewer at a time"
        case .clockSkew: "once, by the store's clock"
        case .expiredCredentials: "once, with other credentials"
        case .changedInTransit: "three times in all"
        case .final: "no"
        }
    }

    /// By the error that an answer comes to.
    private static func concerns(_ status: Int, _ code: String?) -> String {
        let fault = ServiceFault(
            words: StoreWords(status: status, code: code, message: "", details: []), requestID: nil,
            region: nil, date: nil, storageClass: nil,
            credentials: S3Credentials(accessKeyID: "k", secretAccessKey: Secret("s"), origin: "the test"))
        let request = S3Request(action: "GetObject", method: "GET", key: "k")
        let call = S3Call(action: "GetObject", endpoint: "https://h", bucket: "b", key: "k")
        let error = S3Error(.service(fault), of: request, call: call, attempts: 1)
        return error.reach == .wholeStore ? "the store" : "that request"
    }

    @Test func `each meaning has one row, with its codes and statuses and none besides`() throws {
        let known = try Self.rows().filter { !$0.codes.contains("any other") }
        #expect(known.count == AnswerMeaning.allCases.count)
        for meaning in AnswerMeaning.allCases {
            let codes = try #require(AnswerMeaning.codes[meaning], "\(meaning)")
            let row = try #require(known.first { $0.codes.contains(codes[0]) }, "\(meaning)")
            #expect(row.codes.sorted() == codes.sorted())
            #expect(row.statuses.sorted() == (AnswerMeaning.statuses[meaning] ?? []).sorted())
            #expect(row.again == Self.again(meaning.retryClass))
            for code in codes { #expect(row.concerns == Self.concerns(400, code), "\(code)") }
            for status in row.statuses { #expect(row.concerns == Self.concerns(status, nil), "\(status)") }
        }
    }

    @Test func `what the table lacks gets what its last rows say`() throws {
        let others = try Self.rows().filter { $0.codes == ["any other"] }
        #expect(others.count == 2)
        let known = Set(AnswerMeaning.statuses.values.flatMap(\.self))
        for status in Array(0...999) where !known.contains(status) {
            let row = (300..<500).contains(status) ? others[0] : others[1]
            for code in [nil, "UnheardOf", "Forbidden403", ""] {
                let meaning = AnswerMeaning(status: status, code: code)
                #expect(row.again == Self.again(meaning.retryClass), "\(status) \(code ?? "")")
                #expect(row.concerns == Self.concerns(status, code), "\(status) \(code ?? "")")
            }
        }
        for status in known {
            #expect(
                AnswerMeaning(status: status, code: "UnheardOf") == AnswerMeaning(status: status, code: nil))
        }
    }
}

extension Substring {
    fileprivate var trimmed: String {
        String(drop { $0 == " " }.reversed().drop { $0 == " " }.reversed())
    }
}
