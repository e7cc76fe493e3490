// SPDX-License-Identifier: Apache-2.0

extension String {
    /// The same as a POSIX shell reads it as one word, for a command that somebody will paste: as it is, or in single quotes. Whatever a
    /// name holds, it begins no other command.
    public var shellWord: String {
        let isPlain = utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"):
                true
            default: "-_./:@+,".utf8.contains(byte)
            }
        }
        return isPlain && !isEmpty ? self : shellQuoted
    }

    /// The same, always in single quotes.
    public var shellQuoted: String { "'\(replacing("'", with: "'\\''"))'" }
}
