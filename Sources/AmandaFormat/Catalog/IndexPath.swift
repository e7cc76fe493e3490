// SPDX-License-Identifier: Apache-2.0

/// The line of a DLE's index for a line of `tar --verbose`.
///
/// Shape: the path with `/` for tar's leading `./`; directories end with `/`, the top is `/`. Tar's own quoting
/// (`\n`, `\\`, octal) stays. Source: Amanda 3.5.1 `application-src/amgtar.c`; seen in `-unsorted.gz`.
public struct IndexPath: Hashable, Sendable {
    /// Without the newline.
    let line: String
    /// Where the entry begins in the archive, in blocks of 512 bytes; nil where tar does not say.
    let block: Int64?

    /// With `--block-number` tar begins each line with `block <n>: `. Nil for a line that is no path.
    public init?(tarVerboseLine text: String) {
        var bytes = text.amandaBytes[...]
        var block: Int64?
        if bytes.starts(with: "block ".utf8), let colon = bytes.firstIndex(of: UInt8(ascii: ":")),
            bytes[6..<colon].allSatisfy({ $0 >= 0x30 && $0 <= 0x39 }), colon > 6, colon + 1 < bytes.endIndex
        {
            block = Int64(String(amandaBytes: bytes[6..<colon]))
            bytes = bytes[(colon + 2)...]
        }
        self.block = block
        guard bytes.starts(with: "./".utf8) else { return nil }
        line = String(amandaBytes: bytes.dropFirst())
    }

    public var isDirectory: Bool { line.utf8.last == UInt8(ascii: "/") }

    /// `<block> <path>`, as in Amanda's `.state.gz`; the path alone where the block is not known.
    public var stateLine: String { block.map { "\($0) \(line)" } ?? line }
}

/// The name of a host's or disk's directory under `indexdir` and `infofile`: `/`, `:` and `\` become `_`.
///
/// Source: Amanda 3.5.1 `common-src/amutil.c`, `sanitise_filename`.
public func sanitisedDiskName(_ name: String) -> String {
    String(amandaBytes: name.amandaBytes.map { "/:\\".utf8.contains($0) ? UInt8(ascii: "_") : $0 })
}
