// SPDX-License-Identifier: Apache-2.0

/// Paths as the kernel reads them, by their bytes.
///
/// To Swift a slash and a combining mark behind it are one character, which is no slash: a name that begins with such a mark would
/// stand in no list of names, and below no directory.
extension StringProtocol {
    /// What stands between slashes; what is empty is left out.
    public var pathNames: [String] {
        utf8.split(separator: UInt8(ascii: "/")).map { String(decoding: $0, as: UTF8.self) }
    }

    /// The rest of a path below a directory; nil: it does not lie below it.
    ///
    /// - Parameter top: with a slash at its end or without.
    public func path(below top: some StringProtocol) -> String? {
        let slash = UInt8(ascii: "/")
        var start = Array(top.utf8)
        if start.last != slash { start.append(slash) }
        guard utf8.starts(with: start), utf8.count > start.count else { return nil }
        return String(decoding: utf8.dropFirst(start.count), as: UTF8.self)
    }
}
