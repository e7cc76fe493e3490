// SPDX-License-Identifier: Apache-2.0

/// Sums and conversions of numbers that somebody else has given: what is too large stays the largest number that there is, and the
/// program goes on.
extension FixedWidthInteger {
    /// The sum, or the bound that it lies beyond.
    @inlinable
    public func saturatingPlus(_ other: Self) -> Self {
        let (sum, overflow) = addingReportingOverflow(other)
        return overflow ? (other < 0 ? .min : .max) : sum
    }

    /// The difference, or the bound that it lies beyond.
    @inlinable
    public func saturatingMinus(_ other: Self) -> Self {
        let (difference, overflow) = subtractingReportingOverflow(other)
        return overflow ? (other < 0 ? .max : .min) : difference
    }

    /// The product, or the bound that it lies beyond.
    @inlinable
    public func saturatingTimes(_ other: Self) -> Self {
        let (product, overflow) = multipliedReportingOverflow(by: other)
        return overflow ? ((self < 0) == (other < 0) ? .max : .min) : product
    }

    /// The nearest whole number that there is; 0 for what is no number.
    @inlinable
    public init(saturating value: Double) {
        let whole = value.rounded()
        if let exact = Self(exactly: whole) {
            self = exact
        } else {
            self = value.isNaN ? 0 : value < 0 ? .min : .max
        }
    }
}

extension Sequence where Element: FixedWidthInteger {
    /// The sum, or the bound that it lies beyond.
    @inlinable
    public var saturatedSum: Element { reduce(0) { $0.saturatingPlus($1) } }
}
