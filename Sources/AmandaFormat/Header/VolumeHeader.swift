// SPDX-License-Identifier: Apache-2.0

/// The object that opens every Amanda volume on S3 and names it.
///
/// Shape: ASCII `AMANDA: TAPESTART DATE <datestamp> TAPE <label>`, newline, form feed, newline; nothing after it
/// on S3. Readers also accept NUL padding up to `VolumeHeader.paddedByteCount`, as on tape.
/// Source: Amanda 3.5.1 `common-src/fileheader.c`, `build_header`, case `F_TAPESTART`; seen on S3.
public struct VolumeHeader: Hashable, Sendable {
    /// Bytes that a padded header occupies (Amanda's `DISK_BLOCK_BYTES`).
    public static let paddedByteCount = 32_768

    /// The run that wrote the volume; nil for one that was labelled and never written (`X` in the header).
    public var datestamp: Datestamp?
    /// The volume's label; no blanks.
    public var label: String

    public init(datestamp: Datestamp?, label: String) {
        self.datestamp = datestamp
        self.label = label
    }

    /// Reads the header object; NUL padding after it is ignored.
    public init(parsing block: [UInt8]) throws(HeaderError) {
        let (line, _) = try HeaderText.firstLine(of: block)
        guard let words = AmandaQuotedString.words(of: line) else {
            throw .malformed(what: "first line", found: line)
        }
        guard words.first == "AMANDA:" || words.first == "NETDUMP:" else { throw .notAmanda }
        guard words.count > 1 else { throw .malformed(what: "kind", found: nil) }
        guard words[1] == "TAPESTART" else { throw .wrongKind(found: words[1], wanted: "a volume label") }
        guard words.count == 6, words[2] == "DATE", words[4] == "TAPE" else {
            throw .malformed(what: "volume label", found: line)
        }
        guard words[3] == "X" || Datestamp(words[3]) != nil else {
            throw .malformed(what: "datestamp", found: words[3])
        }
        datestamp = Datestamp(words[3])
        label = words[5]
    }

    /// The object as Amanda writes it to S3, unpadded.
    public var bytes: [UInt8] {
        Array("AMANDA: TAPESTART DATE \(datestamp?.description ?? "X") TAPE ".utf8) + label.amandaBytes
            + Array("\n\u{0C}\n".utf8)
    }
}

/// The lines of a header, up to its form feed.
enum HeaderText {
    static let formFeed: UInt8 = 0x0C
    static let newline: UInt8 = 0x0A

    /// Line 1 and the lines after it.
    static func firstLine(of block: [UInt8]) throws(HeaderError) -> (line: String, rest: [String]) {
        guard block.starts(with: Array("AMANDA: ".utf8)) || block.starts(with: Array("NETDUMP: ".utf8)) else {
            throw .notAmanda
        }
        guard let end = block.firstIndex(of: formFeed), end > 0, block[end - 1] == newline else { throw .cut }
        let lines = block[..<(end - 1)].split(separator: newline, omittingEmptySubsequences: false)
            .map { String(amandaBytes: $0) }
        return (lines.first ?? "", Array(lines.dropFirst()))
    }
}
