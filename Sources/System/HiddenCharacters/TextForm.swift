// SPDX-License-Identifier: Apache-2.0

/// How a file that should be plain UTF-8 begins, as editors of other systems leave it.
public enum TextForm: Sendable, Hashable {
    /// Nothing stands before its first character.
    case plain
    /// With a byte order mark, three bytes that nobody sees.
    case byteOrderMark
    /// In 16 bits a character; the name by which `iconv` knows it.
    case wide(encoding: String)

    /// By the first bytes of a file.
    public init(of bytes: some Collection<UInt8>) {
        let start = Array(bytes.prefix(64))
        if start.starts(with: Self.mark) {
            self = .byteOrderMark
        } else if start.starts(with: [0xFF, 0xFE]) || start.starts(with: [0xFE, 0xFF]) {
            self = .wide(encoding: "UTF-16")
        } else if start.count >= 4, start[1] == 0, start[3] == 0, start[0] != 0, start[2] != 0 {
            self = .wide(encoding: "UTF-16LE")
        } else if start.count >= 4, start[0] == 0, start[2] == 0, start[1] != 0, start[3] != 0 {
            self = .wide(encoding: "UTF-16BE")
        } else {
            self = .plain
        }
    }

    private static let mark: [UInt8] = [0xEF, 0xBB, 0xBF]

    /// The bytes behind a byte order mark.
    public static func withoutMark(_ bytes: [UInt8]) -> [UInt8] {
        bytes.starts(with: mark) ? Array(bytes.dropFirst(mark.count)) : bytes
    }

    /// What is wrong with it, as the end of a sentence about the file; nil: nothing.
    public var fault: String? {
        switch self {
        case .plain: nil
        case .byteOrderMark: "begins with a byte order mark (U+FEFF), which nobody sees"
        case .wide: "is written in UTF-16, with 16 bits a character"
        }
    }

    /// The command that makes it plain; nil: it is. Owner and mode of the file stay.
    public func mend(_ path: String) -> String? {
        let quoted = path.shellQuoted
        return switch self {
        case .plain: nil
        case .byteOrderMark: "sed -i '1s/^\\xEF\\xBB\\xBF//' \(quoted)"
        case .wide(let encoding):
            "iconv -f \(encoding) -t UTF-8 \(quoted) >\(quoted).utf8 && cat \(quoted).utf8 >\(quoted) && rm \(quoted).utf8"
        }
    }
}
