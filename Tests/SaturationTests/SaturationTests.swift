// SPDX-License-Identifier: Apache-2.0

import Saturation
import Testing

@Suite struct SaturationTests {
    @Test func `a sum stays at the bound that it lies beyond`() {
        #expect([Int64.max, Int64.max].saturatedSum == .max)
        #expect([Int64.min, -1].saturatedSum == .min)
        #expect([1, 2, 3].saturatedSum == 6)
        #expect([Int].init().saturatedSum == 0)
    }

    @Test func `so do differences and products`() {
        #expect(Int64.min.saturatingMinus(1) == .min)
        #expect(Int64.max.saturatingMinus(-1) == .max)
        #expect(5.saturatingMinus(7) == -2)
        #expect(Int64.max.saturatingTimes(100) == .max)
        #expect(Int64.max.saturatingTimes(-2) == .min)
        #expect(6.saturatingTimes(7) == 42)
    }

    @Test(arguments: [
        (1.4, 1), (-1.5, -2), (1e300, Int.max), (-1e300, Int.min), (.infinity, Int.max),
        (-.infinity, Int.min),
        (.nan, 0), (0x1p63, Int.max),
    ])
    func `a number that no integer can be becomes the nearest`(value: Double, expected: Int) {
        #expect(Int(saturating: value) == expected)
    }
}
