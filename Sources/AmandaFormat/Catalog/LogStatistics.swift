// SPDX-License-Identifier: Apache-2.0

/// The figures at the end of a line: `[sec 0.024402 bytes 672467 kps 26883.042374 orig-kb 1160]`.
///
/// Numbers are kept as written, since each of Amanda's programs rounds in its own way.
public struct LogStatistics: Hashable, Sendable {
    /// A name and its value.
    public struct Field: Hashable, Sendable {
        public var name: String
        var value: String
    }

    var fields: [Field]

    /// In the taper's form, with bytes.
    ///
    /// - Parameter originalKiB: before compression; nil while it is not known.
    public init(seconds: Double, byteCount: Int64, originalKiB: Int64?) {
        fields = [
            Field(name: "sec", value: Self.decimal(seconds)), Field(name: "bytes", value: String(byteCount)),
            Field(name: "kps", value: Self.decimal(Self.rate(byteCount, seconds))),
        ]
        if let originalKiB { fields.append(Field(name: "orig-kb", value: String(originalKiB))) }
    }

    /// In the dumper's form, with KiB; in the chunker's where `originalKiB` is nil.
    public init(seconds: Double, kibibytes: Int64, originalKiB: Int64? = nil) {
        fields = [
            Field(name: "sec", value: Self.decimal(seconds)), Field(name: "kb", value: String(kibibytes)),
            Field(name: "kps", value: Self.decimal(Self.rate(kibibytes << 10, seconds))),
        ]
        if let originalKiB { fields.append(Field(name: "orig-kb", value: String(originalKiB))) }
    }

    /// Nil unless `words` is a bracketed list of names and values.
    init?(words: [String]) {
        guard words.count >= 2, words.count % 2 == 0, let first = words.first,
            first.utf8.first == UInt8(ascii: "["),
            let last = words.last, last.utf8.last == UInt8(ascii: "]")
        else { return nil }
        fields = []
        for index in stride(from: 0, to: words.count, by: 2) {
            let name = index == 0 ? String(amandaBytes: words[0].amandaBytes.dropFirst()) : words[index]
            let isLast = index + 2 == words.count
            let value =
                isLast ? String(amandaBytes: words[index + 1].amandaBytes.dropLast()) : words[index + 1]
            fields.append(Field(name: name, value: value))
        }
    }

    /// As it stands in the log, brackets included.
    public var text: String {
        "[" + fields.map { $0.name + " " + $0.value }.joined(separator: " ") + "]"
    }

    public var seconds: Double? { value("sec").flatMap(Double.init) }

    /// Bytes stored; rounded to KiB where the line gives only those.
    public var byteCount: Int64? {
        value("bytes").flatMap { Int64($0) }
            ?? value("kb").flatMap { Int64($0) }.flatMap {
                let (product, overflow) = $0.multipliedReportingOverflow(by: 1024)
                return overflow ? nil : product
            }
    }

    var originalKiB: Int64? { value("orig-kb").flatMap { Int64($0) } }

    private func value(_ name: String) -> String? { fields.first { $0.name == name }?.value }

    private static func rate(_ byteCount: Int64, _ seconds: Double) -> Double {
        seconds > 0 ? Double(byteCount) / 1024 / seconds : 0
    }

    /// Six decimals, as C's `%f`; for seconds and rates, never negative.
    public static func decimal(_ number: Double) -> String { decimal(number, places: 6, scale: 1_000_000) }

    /// Three decimals, as Amanda's programs give the time since their start.
    public static func elapsed(_ seconds: Double) -> String { decimal(seconds, places: 3, scale: 1000) }

    private static func decimal(_ number: Double, places: Int, scale: Int64) -> String {
        let scaled = Int64((min(max(number, 0), 1e12) * Double(scale)).rounded())
        let fraction = String(scaled % scale)
        return "\(scaled / scale)." + String(repeating: "0", count: places - fraction.count) + fraction
    }
}
