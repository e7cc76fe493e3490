// SPDX-License-Identifier: Apache-2.0

internal import NearestName

/// Each kind of field twice: required, and `optional…`, which returns nil where the key is absent.
extension SettingsReader {
    /// Text.
    public mutating func string(_ key: String) throws(SettingsError) -> String {
        try required(key, optionalString(key))
    }

    /// Text.
    public mutating func optionalString(_ key: String) throws(SettingsError) -> String? {
        guard let value = optionalValue(key) else { return nil }
        guard case .string(let text) = value.content else { throw wrongType(key, "a string", value) }
        return text
    }

    /// One of a few words.
    public mutating func optionalChoice(
        _ key: String, among words: [String]
    ) throws(SettingsError) -> String? {
        guard let text = try optionalString(key) else { return nil }
        if words.contains(text) { return text }
        let nearest = nearestName(to: text, among: words)
        throw badValue(
            key, "must be one of \(words.joined(separator: ", ")), found '\(text)'",
            hint: nearest.map { "write \"\($0)\"." })
    }

    /// `true` or `false`.
    mutating func bool(_ key: String) throws(SettingsError) -> Bool {
        try required(key, optionalBool(key))
    }

    /// `true` or `false`.
    mutating func optionalBool(_ key: String) throws(SettingsError) -> Bool? {
        guard let value = optionalValue(key) else { return nil }
        guard case .bool(let bool) = value.content else { throw wrongType(key, "true or false", value) }
        return bool
    }

    /// A whole number within `range`.
    mutating func integer(
        _ key: String, in range: ClosedRange<Int> = Int.min...Int.max
    ) throws(SettingsError) -> Int {
        try required(key, optionalInteger(key, in: range))
    }

    /// A whole number within `range`.
    public mutating func optionalInteger(
        _ key: String, in range: ClosedRange<Int> = Int.min...Int.max
    ) throws(SettingsError) -> Int? {
        guard let value = optionalValue(key) else { return nil }
        guard case .number(let digits) = value.content, let number = Int(digits) else {
            throw wrongType(key, "a whole number", value)
        }
        guard range.contains(number) else {
            throw badValue(
                key, "must lie between \(range.lowerBound) and \(range.upperBound), found \(number)")
        }
        return number
    }

    /// A number within `range`, with or without a fraction.
    public mutating func optionalFraction(
        _ key: String, in range: ClosedRange<Double>
    ) throws(SettingsError) -> Double? {
        guard let value = optionalValue(key) else { return nil }
        guard case .number(let digits) = value.content, let number = Double(digits) else {
            throw wrongType(key, "a number", value)
        }
        guard range.contains(number) else {
            throw badValue(
                key, "must lie between \(range.lowerBound) and \(range.upperBound), found \(digits)")
        }
        return number
    }

    /// A length of time, written as a string with its unit: `"120s"`, `"10m"`, `"2h"`, `"1d"`, `"500ms"`.
    mutating func duration(_ key: String) throws(SettingsError) -> Duration {
        try required(key, optionalDuration(key))
    }

    /// A length of time, written as a string with its unit: `"120s"`, `"10m"`, `"2h"`, `"1d"`, `"500ms"`.
    public mutating func optionalDuration(_ key: String) throws(SettingsError) -> Duration? {
        guard let text = try optionalString(key) else { return nil }
        guard let duration = Duration(settingsText: text) else {
            throw badValue(
                key, "must be a length of time, found '\(text)'",
                hint: "write a number and one of ms, s, m, h, d: \"120s\".")
        }
        return duration
    }

    /// An object.
    public mutating func object(_ key: String) throws(SettingsError) -> SettingsReader {
        try required(key, optionalObject(key))
    }

    /// An object.
    public mutating func optionalObject(_ key: String) throws(SettingsError) -> SettingsReader? {
        guard let value = optionalValue(key) else { return nil }
        return try SettingsReader(value, path: path.key(key), file: file)
    }

    /// Objects in a row.
    mutating func array(_ key: String) throws(SettingsError) -> [SettingsReader] {
        try required(key, optionalArray(key))
    }

    /// Objects in a row.
    public mutating func optionalArray(_ key: String) throws(SettingsError) -> [SettingsReader]? {
        guard let elements = try optionalElements(key, "an array of objects") else { return nil }
        var readers: [SettingsReader] = []
        for (index, element) in elements.enumerated() {
            readers.append(try SettingsReader(element, path: path.key(key).index(index), file: file))
        }
        return readers
    }

    /// Texts in a row.
    mutating func strings(_ key: String) throws(SettingsError) -> [String] {
        try required(key, optionalStrings(key))
    }

    /// Texts in a row.
    public mutating func optionalStrings(_ key: String) throws(SettingsError) -> [String]? {
        guard let elements = try optionalElements(key, "an array of strings") else { return nil }
        var strings: [String] = []
        for (index, element) in elements.enumerated() {
            guard case .string(let text) = element.content else {
                throw .wrongType(
                    file: file, element.position, path: path.key(key).index(index).text,
                    expected: "a string", found: element.kind)
            }
            strings.append(text)
        }
        return strings
    }

    /// Requires `"format": N`, the number that every file of ours begins with.
    public mutating func format(_ expected: Int) throws(SettingsError) {
        let format = try integer("format")
        guard format == expected else {
            throw badValue(
                "format", "is \(format), but this version reads \(expected)",
                hint: "use the version of amfleet that wrote this file, or a newer one.")
        }
    }

    private mutating func optionalElements(
        _ key: String, _ expected: String
    ) throws(SettingsError) -> [JSONValue]? {
        guard let value = optionalValue(key) else { return nil }
        guard case .array(let elements) = value.content else { throw wrongType(key, expected, value) }
        return elements
    }

    private func required<Value>(_ key: String, _ value: Value?) throws(SettingsError) -> Value {
        guard let value else { throw missing(key) }
        return value
    }

    private func wrongType(_ key: String, _ expected: String, _ value: JSONValue) -> SettingsError {
        .wrongType(
            file: file, value.position, path: path.key(key).text, expected: expected, found: value.kind)
    }
}

extension Duration {
    /// `120s`, `10m`, `2h`, `1d`, `500ms`; nil: it is none, or too long.
    public init?(settingsText text: String) {
        let digits = text.prefix { $0.isASCII && $0.isNumber }
        let units: [Substring: Int64] = ["ms": 1, "s": 1000, "m": 60_000, "h": 3_600_000, "d": 86_400_000]
        guard let count = Int64(digits), let unit = units[text.dropFirst(digits.count)] else { return nil }
        let (milliseconds, overflow) = count.multipliedReportingOverflow(by: unit)
        if overflow { return nil }
        self = .milliseconds(milliseconds)
    }
}
