// SPDX-License-Identifier: Apache-2.0

/// The line of a DLE's index for a line of `tar --verbose`.
///
/// Shape: the path with `/` for tar's leading `./`; directories end with `/`, the top is `/`. Tar's own quoting
/// (`\n`, `\\`, octal) stays. Source: Amanda 3.5.1 `application-src/amgtar.c`; seen in `-unsorted.gz`.
public struct IndexPath: Hashable, Sendable {
    /// Without the newline.
    public let line: String

    /// With `--block-number` tar begins each line with `block <n>: `, which goes. Nil for a line that is no path.
    public init?(tarVerboseLine text: String) {
        var bytes = text.amandaBytes[...]
        if bytes.starts(with: "block ".utf8), let colon = bytes.firstIndex(of: UInt8(ascii: ":")),
            bytes[6..<colon].allSatisfy({ $0 >= 0x30 && $0 <= 0x39 }), colon > 6, colon + 1 < bytes.endIndex
        {
            bytes = bytes[(colon + 2)...]
        }
        guard bytes.starts(with: "./".utf8) else { return nil }
        line = String(amandaBytes: bytes.dropFirst())
    }
}

/// The name of a host's or disk's directory under `indexdir` and `infofile`: `/`, `:` and `\` become `_`.
///
/// Source: Amanda 3.5.1 `common-src/amutil.c`, `sanitise_filename`.
public func sanitisedDiskName(_ name: String) -> String {
    String(amandaBytes: name.amandaBytes.map { "/:\\".utf8.contains($0) ? UInt8(ascii: "_") : $0 })
}
