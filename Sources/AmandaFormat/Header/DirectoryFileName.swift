// SPDX-License-Identifier: Apache-2.0

/// The names of a volume's files where the volume is a directory.
///
/// Shape: five digits (more where they do not suffice), a dot, and what is only for people: `00000.<label>`,
/// `00001.<host>.<disk>.<level>`, with `_` for `/`, `:` and `\`. Each file is a header padded with NUL to 32 KiB and then its
/// data, unpadded. Source: Amanda 3.5.1 `device-src/vfs-device.c`; seen with `amdump` to `chg-disk:` and `file:`.
public enum DirectoryFileName {
    /// What a file system lets a name be.
    private static let longestByteCount = 255

    /// Of the volume's label.
    public static func label(_ label: String) -> [UInt8] { name(0, label) }

    /// Of a dump's file, numbered from 1.
    public static func dump(_ number: UInt32, host: String, disk: String, level: Int) -> [UInt8] {
        let end = ".\(level)".amandaBytes
        let start = name(number, "\(host).\(disk)")
        return start.prefix(longestByteCount - end.count) + end
    }

    /// Nil for a name that is not exactly as Amanda writes it, and so must not be read, counted or deleted.
    public static func number(of name: [UInt8]) -> UInt32? {
        let digits = name.prefix { $0 >= 0x30 && $0 <= 0x39 }
        guard digits.count < name.count - 1, name[digits.count] == UInt8(ascii: "."),
            let number = UInt32(String(decoding: digits, as: UTF8.self)), padded(number) == Array(digits)
        else { return nil }
        return number
    }

    private static func name(_ number: UInt32, _ text: String) -> [UInt8] {
        padded(number) + [UInt8(ascii: ".")] + sanitisedDiskName(text).amandaBytes
    }

    private static func padded(_ number: UInt32) -> [UInt8] {
        let digits = Array(String(number).utf8)
        return [UInt8](repeating: UInt8(ascii: "0"), count: max(0, 5 - digits.count)) + digits
    }
}
