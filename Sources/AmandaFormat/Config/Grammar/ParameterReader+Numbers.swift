// SPDX-License-Identifier: Apache-2.0

import NearestName

extension ParameterReader {
    mutating func integer(_ rule: NumberRule) throws(Refusal) -> Int64 {
        if take(word: "inf") { return rule.range.upperBound }
        let token = take()
        guard case .integer(let digits) = token else { throw expected("a whole number", found: token) }
        guard let digits else { throw Refusal("'\(parameter.name)' is beyond 64 bits") }
        let number = try scaled(digits, by: unit(rule), rule)
        if number == 0, let zero = rule.zero { return zero }
        let rounded = number / rule.step * rule.step
        guard rule.range.contains(rounded) else {
            throw Refusal("'\(parameter.name)' must be \(Self.described(rule.range)), found \(number)")
        }
        return rounded
    }

    /// How many of the rule's own units the word that follows stands for; as a fraction, since `b` is a
    /// 1024th of a KiB. Nil: no word follows.
    private mutating func unit(_ rule: NumberRule) throws(Refusal) -> (count: Int64, of: Int64)? {
        guard case .word(let word) = tokens.first else { return nil }
        tokens.removeFirst()
        guard let (dimension, multiplier) = ConfigurationUnit.meaning(of: word) else {
            let name = nearestName(to: word, among: ConfigurationUnit.names)
            throw Refusal(
                "'\(word)' is no unit of '\(parameter.name)'", hint: name.map { "write '\($0)'." })
        }
        switch (rule.unit, dimension) {
        case (.kibibytes, .bytes): return multiplier < 1024 ? (1, 1024) : (multiplier / 1024, 1)
        case (.bytes, .bytes), (.days, .days), (.tapes, .tapes): return (multiplier, 1)
        case (.kibibytes, _), (.bytes, _): throw wrongUnit(word, "a size: kb, mb, gb …")
        case (.days, _): throw wrongUnit(word, "days or weeks")
        case (.tapes, _): throw wrongUnit(word, "tapes")
        case (.plain, _): throw wrongUnit(word, "a number without unit")
        }
    }

    private func wrongUnit(_ word: String, _ wanted: String) -> Refusal {
        Refusal("'\(parameter.name)' takes \(wanted), found '\(word)'")
    }

    private func scaled(
        _ number: Int64, by unit: (count: Int64, of: Int64)?, _ rule: NumberRule
    ) throws(Refusal) -> Int64 {
        guard let unit else { return number }
        let (product, overflow) = number.multipliedReportingOverflow(by: unit.count)
        guard !overflow else { throw Refusal("'\(parameter.name)' is beyond 64 bits") }
        return product / unit.of
    }

    static func described(_ range: ClosedRange<Int64>) -> String {
        switch (range.lowerBound, range.upperBound) {
        case (let low, .max), (let low, Int64(Int32.max)): "at least \(low)"
        case (let low, let high): "between \(low) and \(high)"
        }
    }

    mutating func real(atLeast least: Double) throws(Refusal) -> Double {
        let token = take()
        let number: Double
        switch token {
        case .real(let real): number = real
        case .integer(let whole?): number = Double(whole)
        default: throw expected("a number", found: token)
        }
        guard number >= least else {
            throw Refusal("'\(parameter.name)' must be at least \(least.rounded(.up)), found \(number)")
        }
        return number
    }

    /// One rate for full dumps and, with or without a comma, one for increments.
    mutating func rates() throws(Refusal) -> ParameterValue {
        let full = try real(atLeast: 0)
        if tokens.isEmpty { return .rates(full: full, incremental: full) }
        if tokens.first == .comma { tokens.removeFirst() }
        return .rates(full: full, incremental: try real(atLeast: 0))
    }

    mutating func range(within bounds: ClosedRange<Int64>) throws(Refusal) -> ParameterValue {
        let wanted = "two numbers between \(bounds.lowerBound) and \(bounds.upperBound), the smaller first"
        let first = take()
        guard case .integer(let low?) = first else { throw expected(wanted, found: first) }
        guard tokens.first == .comma else { throw expected("\(wanted), with a comma", found: tokens.first) }
        tokens.removeFirst()
        let second = take()
        guard case .integer(let high?) = second else { throw expected(wanted, found: second) }
        guard low <= high, bounds.contains(low), bounds.contains(high) else {
            throw Refusal("'\(parameter.name)' must be \(wanted), found \(low),\(high)")
        }
        return .range(first: low, last: high)
    }

    /// `hh * 100 + mm`.
    mutating func timeOfDay() throws(Refusal) -> Int64 {
        let token = take()
        guard case .integer(let time?) = token, time >= 0, time / 100 < 24, time % 100 < 60 else {
            throw expected("a time of day as hhmm: 1830", found: token)
        }
        return time
    }

    mutating func priority() throws(Refusal) -> Int64 {
        for (number, word) in ["low", "medium", "high"].enumerated() where take(word: word) {
            return Int64(number)
        }
        throw expected("low, medium or high", found: tokens.first)
    }

    mutating func integerOrText() throws(Refusal) -> String {
        if case .integer(let number?) = tokens.first {
            tokens.removeFirst()
            return String(number)
        }
        return try text(.any)
    }

    /// Nothing at all means yes, as in Amanda.
    mutating func bool() throws(Refusal) -> Bool {
        guard let bool = Self.bool(&tokens) else {
            throw expected("yes or no", found: tokens.first)
        }
        return bool
    }

    static func bool(_ tokens: inout ArraySlice<ConfigurationToken>) -> Bool? {
        guard let token = tokens.first else { return true }
        let bool: Bool?
        switch token {
        case .word(let word): bool = Self.bool(word)
        case .integer(let number?): bool = number != 0
        default: bool = nil
        }
        if bool != nil { tokens.removeFirst() }
        return bool
    }

    /// Every spelling of Amanda's.
    static func bool(_ word: String) -> Bool? {
        switch word.lowercased() {
        case "y", "yes", "t", "true", "on", "1": true
        case "n", "no", "f", "false", "off", "0": false
        default: nil
        }
    }
}
