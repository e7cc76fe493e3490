// SPDX-License-Identifier: Apache-2.0

/// The keys of one volume's objects: the slot's prefix, then a tail without any separator.
///
/// Source: Amanda 3.5.1 `device-src/s3-device.c`, `special_file_to_key`, `file_to_multi_part_key`,
/// `file_and_block_to_key`; all numbers are lower-case hexadecimal.
public struct ObjectKeys: Hashable, Sendable {
    /// The prefix verbatim, e.g. `demo/node01/vertica/slot-01`.
    public let slotPrefix: String

    public init(slotPrefix: String) {
        self.slotPrefix = slotPrefix
    }

    /// What one object of a volume is.
    public enum Role: Hashable, Sendable {
        /// The volume's label.
        case volumeLabel
        /// The header of file `number` (from 1).
        case header(file: UInt32)
        /// All data of a file, in multipart mode.
        case data(file: UInt32)
        /// One block of a file's data, numbered from 0, in block mode.
        case block(file: UInt32, number: UInt64)
    }

    public var volumeLabel: String { key(.volumeLabel) }

    public func header(file: UInt32) -> String { key(.header(file: file)) }

    public func data(file: UInt32) -> String { key(.data(file: file)) }

    public func block(file: UInt32, number: UInt64) -> String { key(.block(file: file, number: number)) }

    /// The prefix under which every block of one file lists, and nothing of any other file or slot.
    public func blocks(file: UInt32) -> String { slotPrefix + "f" + Self.hexadecimal(UInt64(file), 8) + "-b" }

    /// The prefix under which every file of the volume lists; `slot-1` gives `slot-1f`, which `slot-10…` never
    /// begins with. Check what lists with `role(of:)` all the same before deleting it.
    public var files: String { slotPrefix + "f" }

    func key(_ role: Role) -> String {
        switch role {
        case .volumeLabel: slotPrefix + "special-tapestart"
        case .header(let file): slotPrefix + "f" + Self.hexadecimal(UInt64(file), 8) + "-filestart"
        case .data(let file): slotPrefix + "f" + Self.hexadecimal(UInt64(file), 8) + "-mp.data"
        case .block(let file, let number):
            slotPrefix + "f" + Self.hexadecimal(UInt64(file), 8) + "-b" + Self.hexadecimal(number, 16)
                + ".data"
        }
    }

    /// What a key is in this volume; nil for anything that Amanda would not have written here, and so must not
    /// be read, counted or deleted as part of it.
    public func role(of key: String) -> Role? {
        guard key.utf8.starts(with: slotPrefix.utf8) else { return nil }
        let tail = Array(key.utf8.dropFirst(slotPrefix.utf8.count))
        if tail.elementsEqual("special-tapestart".utf8) { return .volumeLabel }
        guard tail.count > 10, tail[0] == UInt8(ascii: "f"), let file = Self.number(tail[1..<9]), file > 0
        else {
            return nil
        }
        let number = UInt32(file)
        let rest = tail[9...]
        if rest.elementsEqual("-filestart".utf8) { return .header(file: number) }
        if rest.elementsEqual("-mp.data".utf8) { return .data(file: number) }
        guard rest.count == 23, rest.starts(with: "-b".utf8), rest.suffix(5).elementsEqual(".data".utf8),
            let block = Self.number(rest.dropFirst(2).dropLast(5))
        else { return nil }
        return .block(file: number, number: block)
    }

    /// Whose key it is, of any slot: the longest slot prefix that makes an object of a volume of it.
    ///
    /// - Returns: nil for a key that no volume has.
    public static func slot(of key: String) -> (keys: ObjectKeys, role: Role)? {
        let bytes = Array(key.utf8)
        for tail in tailByteCounts where bytes.count > tail {
            let keys = ObjectKeys(slotPrefix: String(decoding: bytes.dropLast(tail), as: UTF8.self))
            if let role = keys.role(of: key) { return (keys, role) }
        }
        return nil
    }

    /// Of `special-tapestart`, `f00000001-mp.data`, `f00000001-filestart` and `f00000001-b0000000000000000.data`.
    private static let tailByteCounts = [17, 19, 32]

    private static func hexadecimal(_ number: UInt64, _ width: Int) -> String {
        let digits = String(number, radix: 16)
        return String(repeating: "0", count: width - digits.count) + digits
    }

    private static func number(_ digits: ArraySlice<UInt8>) -> UInt64? {
        let isLowerHexadecimal = digits.allSatisfy {
            ($0 >= 0x30 && $0 <= 0x39) || ($0 >= 0x61 && $0 <= 0x66)
        }
        return isLowerHexadecimal ? UInt64(String(decoding: digits, as: UTF8.self), radix: 16) : nil
    }
}
