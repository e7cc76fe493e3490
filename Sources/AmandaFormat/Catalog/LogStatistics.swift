// SPDX-License-Identifier: Apache-2.0

/// The figures at the end of a line: `[sec 0.024402 bytes 672467 kps 26883.042374 orig-kb 1160]`.
///
/// Numbers are kept as written, since each of Amanda's programs rounds in its own way.
public struct LogStatistics: Hashable, Sendable {
    /// As it stands in the log, brackets included.
    public let text: String

    /// In the taper's form, with bytes.
    ///
    /// - Parameter originalKiB: before compression; nil while it is not known.
    public init(seconds: Double, byteCount: Int64, originalKiB: Int64?) {
        self.init(
            [
                ("sec", Self.decimal(seconds)), ("bytes", String(byteCount)),
                ("kps", Self.decimal(Self.rate(byteCount, seconds))),
            ] + (originalKiB.map { [("orig-kb", String($0))] } ?? []))
    }

    /// In the dumper's form, with KiB; in the chunker's where `originalKiB` is nil.
    public init(seconds: Double, kibibytes: Int64, originalKiB: Int64? = nil) {
        self.init(
            [
                ("sec", Self.decimal(seconds)), ("kb", String(kibibytes)),
                ("kps", Self.decimal(Self.rate(kibibytes << 10, seconds))),
            ] + (originalKiB.map { [("orig-kb", String($0))] } ?? []))
    }

    /// Nil unless `text` is a bracketed list of names and values, a blank between them.
    init?(text: String) {
        let bytes = text.utf8
        guard bytes.first == UInt8(ascii: "["), bytes.last == UInt8(ascii: "]"), bytes.count > 1,
            bytes.count(where: { $0 == UInt8(ascii: " ") }) % 2 == 1
        else { return nil }
        self.text = text
    }

    private init(_ fields: [(name: String, value: String)]) {
        text = "[" + fields.map { $0.name + " " + $0.value }.joined(separator: " ") + "]"
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

    private func value(_ name: String) -> Substring? {
        let words = text.dropFirst().dropLast().split(separator: " ", omittingEmptySubsequences: false)
        return stride(from: 0, to: words.count - 1, by: 2).first { words[$0] == name }.map { words[$0 + 1] }
    }

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
