// SPDX-License-Identifier: Apache-2.0

import Saturation

/// How large a POSIX extended regular expression becomes where its repetitions are written out, as glibc does before it compiles it.
///
/// `((a{1,255}){1,255}){1,255}` takes gigabytes and minutes, and `()?{1,30}*` has no end (seen with glibc 2.36): what may be nothing
/// costs the square of how often it is repeated. Amanda's user may write these into `amanda.conf`, and root would compile them.
public struct ExpressionSize: Sendable, Equatable {
    /// Letters, or sets of them.
    let atomCount: Int
    /// `\1`: what a group has found again, which POSIX does not know in these, and glibc may search for without an end.
    let hasBackReference: Bool

    /// Whether it costs no more than what people write.
    public var isBounded: Bool { atomCount <= Self.greatestAtomCount && !hasBackReference }

    /// None of ten thousand random ones up to that size took glibc a third of a second; from 900 on some did not end.
    public static let greatestAtomCount = 500

    /// Whether it is a regular expression at all is not asked.
    public init(of pattern: String) {
        var reader = ExpressionReader(bytes: Array(pattern.utf8))
        reader.read()
        (atomCount, hasBackReference) = (reader.total, reader.hasBackReference)
    }
}

private struct ExpressionReader {
    private struct Group {
        /// What stands before the last atom.
        var before = 0
        var last = 0
        /// Whether the last atom may be nothing, and so may all of the present alternative before it, or another alternative.
        var isLastEmpty = true
        var isEmpty = true
        var hasEmptyAlternative = false

        var total: Int { before.saturatingPlus(last) }

        mutating func add(_ count: Int, mayBeEmpty: Bool) {
            isEmpty = isEmpty && isLastEmpty
            before = total
            (last, isLastEmpty) = (count, mayBeEmpty)
        }

        mutating func endAlternative() {
            hasEmptyAlternative = hasEmptyAlternative || (isEmpty && isLastEmpty)
            before = total
            (last, isLastEmpty, isEmpty) = (0, true, true)
        }

        mutating func repeatLast(_ count: Int, mayBeEmpty: Bool) {
            guard last > 0 else { return }
            last = last.saturatingTimes(count).saturatingTimes(isLastEmpty ? count : 1)
            isLastEmpty = isLastEmpty || mayBeEmpty
        }
    }

    private let bytes: [UInt8]
    private var offset = 0
    /// The open ones, the innermost last; never empty.
    private var groups = [Group()]
    private(set) var hasBackReference = false

    init(bytes: [UInt8]) {
        self.bytes = bytes
    }

    var total: Int { groups.map(\.total).saturatedSum }

    mutating func read() {
        while offset < bytes.count {
            let byte = bytes[offset]
            offset += 1
            switch byte {
            case UInt8(ascii: "\\"):
                let isDigit = offset < bytes.count && (0x31...0x39).contains(bytes[offset])
                hasBackReference = hasBackReference || isDigit
                offset += 1
                add(1)
            case UInt8(ascii: "["):
                skipSet()
                add(1)
            case UInt8(ascii: "("): groups.append(Group())
            case UInt8(ascii: ")") where groups.count > 1:
                var group = groups.removeLast()
                group.endAlternative()
                add(max(1, group.total), mayBeEmpty: group.hasEmptyAlternative)
            case UInt8(ascii: "|"): groups[groups.count - 1].endAlternative()
            // One, and any number more.
            case UInt8(ascii: "+"): repeatLast(2)
            case UInt8(ascii: "*"), UInt8(ascii: "?"): repeatLast(1, mayBeEmpty: true)
            case UInt8(ascii: "{"):
                if let bounds = interval() { repeatLast(bounds.most, mayBeEmpty: bounds.least == 0) }
            case UInt8(ascii: "^"), UInt8(ascii: "$"): add(1, mayBeEmpty: true)
            default: add(1)
            }
        }
    }

    private mutating func add(_ count: Int, mayBeEmpty: Bool = false) {
        groups[groups.count - 1].add(count, mayBeEmpty: mayBeEmpty)
    }

    private mutating func repeatLast(_ count: Int, mayBeEmpty: Bool = false) {
        groups[groups.count - 1].repeatLast(max(1, count), mayBeEmpty: mayBeEmpty)
    }

    /// `3}`, `3,}`, `,5}` or `3,5}`: how often it stands there at least, and at most or once more; nil: it is none.
    private mutating func interval() -> (least: Int, most: Int)? {
        guard let end = bytes[offset...].firstIndex(of: UInt8(ascii: "}")) else { return nil }
        let bounds = bytes[offset..<end].split(
            separator: UInt8(ascii: ","), maxSplits: 1, omittingEmptySubsequences: false)
        guard bounds.allSatisfy({ $0.allSatisfy { (0x30...0x39).contains($0) } }), end > offset else {
            return nil
        }
        let numbers = bounds.map { $0.isEmpty ? nil : Int(String(decoding: $0, as: UTF8.self)) ?? .max }
        offset = end + 1
        let least = numbers[0] ?? 0
        return (least, numbers.count > 1 ? numbers[1] ?? least.saturatingPlus(1) : least)
    }

    /// Behind the opening bracket: a closing one counts as such only where it is not the first, and not within `[: :]`.
    private mutating func skipSet() {
        if offset < bytes.count, bytes[offset] == UInt8(ascii: "^") { offset += 1 }
        if offset < bytes.count, bytes[offset] == UInt8(ascii: "]") { offset += 1 }
        while offset < bytes.count, bytes[offset] != UInt8(ascii: "]") {
            let isClass =
                bytes[offset] == UInt8(ascii: "[") && offset + 1 < bytes.count
                && ":.=".utf8.contains(bytes[offset + 1])
            offset += isClass ? 2 : 1
            if isClass { skipClass(bytes[offset - 1]) }
        }
        offset += 1
    }

    private mutating func skipClass(_ mark: UInt8) {
        while offset + 1 < bytes.count, bytes[offset] != mark || bytes[offset + 1] != UInt8(ascii: "]") {
            offset += 1
        }
        offset += 2
    }
}
