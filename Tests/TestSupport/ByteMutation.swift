// SPDX-License-Identifier: Apache-2.0

/// Changes of files and answers, byte by byte and number by number, the same for the same generator.
public enum ByteMutation {
    /// Numbers that nobody means, as text.
    public static let numbers = [
        "0", "-1", "1", "399", "400", "65536", "2147483647", "2147483648", "-2147483649", "4294967295",
        "4294967296", "9007199254740993", "9223372036854775807", "9223372036854775808",
        "-9223372036854775808",
        "99999999999999999999999999", "0.0000001", "1e400", "inf", "nan",
        "1" + String(repeating: "0", count: 400),
    ]

    /// Some of the numbers in a text replaced.
    ///
    /// - Parameter share: one in so many.
    public static func absurd(
        _ bytes: [UInt8], oneIn share: Int = 5, using generator: inout SeededGenerator
    ) -> [UInt8] {
        var text: [UInt8] = []
        var index = 0
        while index < bytes.count {
            let digits = bytes[index...].prefix { (48...57).contains($0) }
            if digits.isEmpty {
                text.append(bytes[index])
            } else if Int.random(in: 0..<share, using: &generator) == 0 {
                text += Array((numbers.randomElement(using: &generator) ?? "").utf8)
            } else {
                text += digits
            }
            index += max(1, digits.count)
        }
        return text
    }

    /// Bytes changed, cut off, doubled or put in.
    public static func damaged(_ bytes: [UInt8], using generator: inout SeededGenerator) -> [UInt8] {
        guard !bytes.isEmpty else { return bytes }
        var changed = bytes
        for _ in 0..<Int.random(in: 1...6, using: &generator) where !changed.isEmpty {
            let place = Int.random(in: changed.indices, using: &generator)
            switch Int.random(in: 0..<8, using: &generator) {
            case 0: changed.removeLast(Int.random(in: 0...changed.count, using: &generator))
            case 1:
                let end = min(changed.count, place + Int.random(in: 1...64, using: &generator))
                changed.insert(contentsOf: changed[place..<end], at: place)
            case 2:
                changed.removeSubrange(
                    place..<min(changed.count, place + Int.random(in: 1...64, using: &generator)))
            case 3:
                changed[place] =
                    [0, 10, 32, 0x22, 0x27, 0x5C, 0x7F, 0xFF].randomElement(using: &generator) ?? 0
            default: changed[place] = .random(in: 0...255, using: &generator)
            }
        }
        return changed
    }
}
