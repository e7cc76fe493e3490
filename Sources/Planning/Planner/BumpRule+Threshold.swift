// SPDX-License-Identifier: Apache-2.0

public import AmandaFormat
import Saturation

extension BumpRule {
    /// What the next level must save.
    public func threshold(level: Int, fullBytes: Int64?) -> Int64 {
        var threshold = Double(bytes)
        if percent > 0, let fullBytes, fullBytes > 1 << 20 {
            threshold = Double(fullBytes) * Double(percent) / 100
        }
        for _ in 1..<max(1, level) { threshold *= multiplier }
        return Int64(saturating: threshold)
    }
}
