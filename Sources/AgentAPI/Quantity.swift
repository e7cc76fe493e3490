// SPDX-License-Identifier: Apache-2.0

import Saturation

/// Sizes, times and rates as people read them.
public enum Quantity {
    /// `512 B`, `3.4 MiB`, `1.0 TiB`.
    public static func bytes(_ count: Int64) -> String {
        var value = Double(count)
        var unit = "B"
        for larger in ["KiB", "MiB", "GiB", "TiB", "PiB"] where value >= 1024 {
            value /= 1024
            unit = larger
        }
        return unit == "B" ? "\(count) B" : "\(oneDecimal(value)) \(unit)"
    }

    /// `85.3 MiB/s`.
    public static func rate(_ bytesPerSecond: Double) -> String {
        "\(bytes(Int64(saturating: bytesPerSecond)))/s"
    }

    /// `45 s`, `3 min 20 s`, `2 h 05 min`, `3 d 4 h`.
    public static func duration(seconds: Double) -> String {
        let total = Int(saturating: seconds)
        switch total {
        case ..<60: return "\(total) s"
        case ..<3600: return "\(total / 60) min \(twoDigits(total % 60)) s"
        case ..<86_400: return "\(total / 3600) h \(twoDigits(total % 3600 / 60)) min"
        default: return "\(total / 86_400) d \(total % 86_400 / 3600) h"
        }
    }

    /// `1 node`, `3 nodes`.
    public static func count(_ number: Int, _ noun: String) -> String {
        "\(number) \(noun)\(number == 1 ? "" : "s")"
    }

    static func oneDecimal(_ value: Double) -> String {
        let tenths = Int64(saturating: value * 10)
        return "\(tenths / 10).\(abs(tenths % 10))"
    }

    private static func twoDigits(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
}
