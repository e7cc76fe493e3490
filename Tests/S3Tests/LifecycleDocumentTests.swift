// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import S3

/// Rules of other tools stay as they are, whatever happens to ours.
@Suite struct LifecycleDocumentTests {
    static let foreign = """
        <?xml version="1.0" encoding="UTF-8"?>
        <LifecycleConfiguration xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><!-- Terraform -->
          <Rule><ID>logs</ID><Filter><And><Prefix>logs/</Prefix><Tag><Key>a</Key><Value>b &amp; c</Value></Tag></And></Filter>
            <Status>Enabled</Status><NoncurrentVersionExpiration><NoncurrentDays>3</NoncurrentDays>
            <NewerNoncurrentVersions>2</NewerNoncurrentVersions></NoncurrentVersionExpiration></Rule>
          <Rule><Unheard-of attribute='>'/><ID>x</ID><Filter/><Status>Disabled</Status></Rule>
        </LifecycleConfiguration>

        """

    private let rule = TransitionRule(
        label: "demo-01", prefix: "demo/n/slot-01f", days: 3, now: 1_795_421_534)

    @Test func `the first rule is stock Amanda's, byte for byte`() throws {
        var document = LifecycleDocument()
        try document.append(rule)
        #expect(
            String(decoding: document.bytes, as: UTF8.self)
                == "<LifecycleConfiguration xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><Rule><ID>demo-01</ID>"
                + "<Prefix>demo/n/slot-01f</Prefix><Status>Enabled</Status><Transition>"
                + "<Date>2026-11-27T00:00:00.000Z</Date><StorageClass>GLACIER</StorageClass></Transition></Rule>"
                + "</LifecycleConfiguration>")
    }

    @Test func `a rule that comes and goes leaves every other byte`() throws {
        let before = Array(Self.foreign.utf8)
        var document = try LifecycleDocument(parsing: before)
        #expect(document.rules.map(\.id) == ["logs", "x"])
        try document.append(rule)
        #expect(document.rules.map(\.id) == ["logs", "x", "demo-01"])
        #expect(document.rules.last?.usesFilter == true)
        let text = String(decoding: document.bytes, as: UTF8.self)
        #expect(text.contains("<Value>b &amp; c</Value></Tag></And></Filter>\n    <Status>"))
        try document.remove { $0.onlyMoves("demo/n/slot-01f") }
        #expect(document.bytes == before)
    }

    @Test func `a rule of the administrator's own on the same prefix is not ours`() throws {
        let text = """
            <LifecycleConfiguration><Rule><ID>demo-01</ID><Prefix>demo/n/slot-01f</Prefix><Status>Enabled</Status>
            <Transition><Days>1</Days><StorageClass>GLACIER</StorageClass></Transition><Expiration><Days>9</Days></Expiration>
            </Rule></LifecycleConfiguration>
            """
        var document = try LifecycleDocument(parsing: Array(text.utf8))
        #expect(!document.rules[0].onlyMoves("demo/n/slot-01f"))
        try document.append(rule)
        #expect(document.rules.map(\.id) == ["demo-01", "demo-01@demo/n/slot-01f"])
    }

    @Test func `slot-1 is not slot-10, and a label of another node is not ours`() throws {
        var document = LifecycleDocument()
        for prefix in ["n1/slot-1f", "n1/slot-10f", "n2/slot-1f"] {
            try document.append(TransitionRule(label: "l", prefix: prefix, days: 0, now: 0))
        }
        #expect(Set(document.rules.map(\.id)).count == 3)
        try document.remove { $0.onlyMoves("n1/slot-1f") }
        #expect(document.rules.compactMap(\.prefix) == ["n1/slot-10f", "n2/slot-1f"])
    }

    @Test func `every beginning of a document is refused or reads as itself`() throws {
        let bytes = Array(Self.foreign.utf8)
        for count in 0..<bytes.count - 1 {
            let document = try? LifecycleDocument(parsing: Array(bytes.prefix(count)))
            #expect(document == nil || document?.rules.count == 2)
        }
        #expect((try? LifecycleDocument(parsing: Array("<html></html>".utf8))) == nil)
        #expect(try LifecycleDocument(parsing: Array("<LifecycleConfiguration/>".utf8)).rules.isEmpty)
    }
}
