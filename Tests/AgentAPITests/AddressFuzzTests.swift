// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

@testable import AgentAPI

/// Places and addresses as people and query strings write them.
@Suite struct AddressFuzzTests {
    private static let letters: [Unicode.Scalar] = [
        "a", "/", " ", ":", "%", "&", "=", "?", "#", "+", "\u{301}", "\u{E9}", "[", "]", "0", "7",
    ]

    private static func text(_ count: ClosedRange<Int>, _ generator: inout SeededGenerator) -> String {
        var text = String.UnicodeScalarView()
        for _ in 0..<Int.random(in: count, using: &generator) {
            text.append(letters.randomElement(using: &generator) ?? "a")
        }
        return String(text)
    }

    /// The printed command of the worst day must lead to where the backups are.
    @Test func `a place in a store comes back from its text`() throws {
        var generator = SeededGenerator(seed: 71)
        for _ in 0..<2_000 {
            let bucket = Self.text(1...5, &generator).replacing("/", with: "b")
            let names = (0..<Int.random(in: 0...3, using: &generator)).map { _ in
                String(Self.text(1...4, &generator).unicodeScalars.map { $0 == "/" ? "x" : Character($0) })
            }
            guard !bucket.utf8.contains(UInt8(ascii: "/")) else { continue }
            let prefix = names.joined(separator: "/")
            let url = try StorageURL(StorageURL(bucket: bucket, prefix: prefix).description)
            #expect(Array(url.bucket.utf8) == Array(bucket.utf8))
            #expect(Array(url.prefix.utf8) == Array(prefix.utf8))
        }
    }

    @Test(arguments: ["s3://b/it's ours", "s3://b/\u{301}x", "s3://b/a/\u{301}x"])
    func `a blank, or a mark behind a slash, is a part of the prefix`(text: String) throws {
        let url = try StorageURL(text)
        #expect(url.bucket == "b" && Array(url.description.utf8) == Array(text.utf8))
    }

    @Test(arguments: [
        "", "s3:", "s3://", "s3:///x", "s3://b//x", "s3://b/x//y", "b/x", "s3://b/x\ny", "s3://b\u{7F}",
        "s3:////",
    ])
    func `what is no place is refused with what is expected`(text: String) {
        let error = #expect(throws: WireError.self) { try StorageURL(text) }
        #expect(error?.message.hasSuffix("is no place in a store") == true)
    }

    @Test func `an address to listen at comes back from its text, or is none`() {
        var generator = SeededGenerator(seed: 72)
        var readCount = 0
        for _ in 0..<4_000 {
            let port = ["0", "7443", "65535", "65536", "99999999999999999999", "-1", ""]
            let text = Self.text(0...5, &generator) + ":" + (port.randomElement(using: &generator) ?? "")
            guard let address = AgentSettings.ListenAddress(text) else { continue }
            readCount += 1
            #expect((0...65_535).contains(address.port))
            #expect(AgentSettings.ListenAddress(address.description) == address, "'\(text)'")
        }
        #expect(readCount > 100)
    }

    @Test func `a question about status crosses as a query, whatever its names are`() throws {
        var generator = SeededGenerator(seed: 73)
        for _ in 0..<1_000 {
            let names = (0..<5).map { _ in Self.text(1...6, &generator) }
            let question = StatusQuestion(
                storage: StorageAddress(
                    bucket: names[0], prefix: names[1], region: names[2], endpoint: names[3],
                    addressing: .path),
                configurations: [.init(name: names[4], role: .data)])
            let query = try #require(question.path.split(separator: "?", maxSplits: 1).last)
            let items = query.split(separator: "&").map { item -> (name: String, value: String) in
                let sides = item.split(separator: "=", omittingEmptySubsequences: false).map(String.init)
                return (sides[0], sides.count == 2 ? sides[1].removingPercentEncoding ?? "" : "?")
            }
            let read = try #require(StatusQuestion(items: items))
            #expect(read == question)
            #expect(Array(read.storage.prefix.utf8) == Array(names[1].utf8))
        }
    }
}
