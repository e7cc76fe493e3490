// SPDX-License-Identifier: Apache-2.0

/// A cluster's place as people write it: `s3://BUCKET/PREFIX`.
public struct StorageURL: Sendable, Hashable, CustomStringConvertible {
    public let bucket: String
    /// Without slashes at either end; empty: the bucket's root.
    public let prefix: String

    public init(bucket: String, prefix: String) {
        self.bucket = bucket
        self.prefix = prefix
    }

    /// A `/` at the end does not count. What a prefix in `cluster.json` may hold, blanks too, it may hold here.
    ///
    /// - Throws: `WireError` of kind `configuration`, with what is expected.
    public init(_ text: String) throws(WireError) {
        let scheme = "s3://"
        guard text.utf8.starts(with: scheme.utf8) else { throw Self.unusable(text) }
        // By bytes: to Swift a slash and a combining mark behind it are no slash.
        let slash = UInt8(ascii: "/")
        var rest = text.utf8.dropFirst(scheme.utf8.count)
        while rest.last == slash { rest.removeLast() }
        let pieces = rest.split(separator: slash, omittingEmptySubsequences: false)
        guard pieces.allSatisfy({ !$0.isEmpty }), let end = pieces.first?.endIndex,
            !text.utf8.contains(where: { $0 < 0x20 || $0 == 0x7F })
        else { throw Self.unusable(text) }
        self.init(
            bucket: String(decoding: rest[..<end], as: UTF8.self),
            prefix: String(decoding: rest[end...].dropFirst(), as: UTF8.self))
    }

    public var description: String { "s3://\(bucket)" + (prefix.isEmpty ? "" : "/\(prefix)") }

    private static func unusable(_ text: String) -> WireError {
        WireError(
            .configuration, "'\(text)' is no place in a store",
            hint: "write s3://BUCKET/PREFIX, as cluster.json's bucket and prefix have it.")
    }
}
