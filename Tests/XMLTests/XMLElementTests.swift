// SPDX-License-Identifier: Apache-2.0

import TestSupport
import Testing
import XML

@Suite struct XMLElementTests {
    private static let error = """
        <?xml version="1.0" encoding="UTF-8"?>
        <!-- a > comment -->
        <Error xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Code>NoSuchKey</Code>
          <Message>a &lt;b&gt; &amp; &quot;c&quot; &#65;&#x42;<![CDATA[<raw&>]]></Message><Empty/><Void a='>'></Void>
        </Error>

        """

    private func tree(_ text: String) throws -> XMLElement {
        try XMLElement(parsing: Array(text.utf8))
    }

    @Test func `what is written between tags is read back as it was`() throws {
        for text in ["", "a & b", "<a>]]>", "\"'&amp;", "a\r\n\tb", "é\u{1F600}", "\u{7F}\u{85}"] {
            let escaped = try #require(text.xmlText)
            #expect(try tree("<K>\(escaped)</K>").text == text)
        }
        #expect("a\rb".xmlText == "a&#13;b")
        for text in ["\u{0}", "a\u{1}", "\u{1F}", "\u{FFFF}"] { #expect(text.xmlText == nil) }
    }

    @Test func `reads names, text, entities and empty elements`() throws {
        let tree = try tree(Self.error)
        #expect(tree.name == "Error")
        #expect(tree["Code"] == "NoSuchKey")
        #expect(tree["Message"] == "a <b> & \"c\" AB<raw&>")
        #expect(tree["Empty"] == "")
        #expect(tree["Void"] == "")
        #expect(tree["Absent"] == nil)
    }

    @Test func `reads attributes in either quote, entities and blanks in them`() throws {
        let tree = try tree("<a b=\"1 &amp; >\" c = '\"'><d s3:e=''/></a>")
        #expect(tree.attributes == ["b": "1 & >", "c": "\""])
        #expect(tree.elements.map(\.attributes) == [["s3:e": ""]])
    }

    @Test func `tells where an element stands`() throws {
        let text = "<?xml?><a> <b>1</b><!-- c --><d/>\n</a>"
        let tree = try tree(text)
        let places = tree.elements.map { String(decoding: Array(text.utf8)[$0.range], as: UTF8.self) }
        #expect(places == ["<b>1</b>", "<d/>"])
        #expect(tree.range == 7..<text.utf8.count)
    }

    @Test func `text that is not UTF-8 is refused, or means what the caller says`() throws {
        let bytes = Array("<a>".utf8) + [0xFF] + Array("</a>".utf8)
        #expect(throws: XMLFault.self) { try XMLElement(parsing: bytes) }
        #expect(try XMLElement(parsing: bytes) { "\($0.count)" }.text == "1")
    }

    @Test func `keeps repeated elements in order and drops prefixes`() throws {
        let tree = try tree("<s3:L xmlns:s3=\"x\"><s3:K>1</s3:K><s3:K>2</s3:K></s3:L>")
        #expect(tree.name == "L")
        #expect(tree.all("K").map(\.text) == ["1", "2"])
    }

    @Test(arguments: [
        "", " ", "text", "<a>", "<a></b>", "<a/>x", "<a/><b/>", "<a>&unknown;</a>", "<a>&#xD800;</a>",
        "<a>&lt</a>",
        "<!DOCTYPE a><a/>", "</a>", "<a b=\"></a>", "<a><!-- </a>", "< a/>", "<a>\u{FEFF}", "<a b></a>",
        "<a b=c></a>", "<a b='&c'></a>", "<a b='<'></a>", "<a/ >",
    ])
    func `refuses what is not a whole document`(text: String) {
        #expect(throws: XMLFault.self) { try tree(text) }
    }

    @Test func `refuses nesting without end`() {
        #expect(throws: XMLFault.self) {
            try tree(String(repeating: "<a>", count: 40) + String(repeating: "</a>", count: 40))
        }
    }

    @Test func `every beginning of a document is refused, none crashes`() {
        let bytes = Array(Self.error.utf8)
        let end = bytes.count - 1  // the last line end may be missing
        for count in 0..<end - 1 {
            #expect(throws: XMLFault.self) { try XMLElement(parsing: Array(bytes.prefix(count))) }
        }
    }

    @Test func `random damage never crashes`() {
        var generator = SeededGenerator(seed: 72)
        let original = Array(Self.error.utf8)
        for _ in 0..<5000 {
            var bytes = original
            for _ in 0..<Int.random(in: 1...4, using: &generator) {
                bytes[Int.random(in: 0..<bytes.count, using: &generator)] = UInt8.random(
                    in: 0...255, using: &generator)
            }
            _ = try? XMLElement(parsing: bytes)
        }
    }

    @Test func `a document of very many elements is refused before it is a tree`() {
        for inside in [
            String(repeating: "<b/>", count: 100_001), "<b\(String(repeating: " c=''", count: 100_001))/>",
        ] {
            let error = #expect(throws: XMLFault.self) {
                try XMLElement(parsing: Array("<a>\(inside)</a>".utf8))
            }
            #expect(error?.description.hasPrefix("more than 100000 elements and attributes") == true)
        }
    }
}
