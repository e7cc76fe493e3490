// SPDX-License-Identifier: Apache-2.0

/// How much a JSON document asks of whoever decodes it, found in one pass that keeps nothing.
///
/// Foundation's decoder keeps three words for each value and recurses at each level: a small document of many small values, or of
/// many levels, would cost far more than its bytes.
struct JSONShape: Equatable {
    /// Levels of lists and objects.
    private(set) var depth = 0
    /// Values and names, roughly: what is between commas, colons and brackets.
    private(set) var valueCount = 0

    /// Our own documents have a dozen levels.
    static let depthLimit = 64
    /// Of 60,000 parts of dumps. Each costs about 60 bytes while it is decoded, and a list of empty texts as much.
    static let valueLimit = 1 << 20

    init(of bytes: [UInt8]) {
        var level = 0
        var (isInString, isEscaped) = (false, false)
        for byte in bytes {
            if isInString {
                if isEscaped {
                    isEscaped = false
                } else if byte == UInt8(ascii: "\\") {
                    isEscaped = true
                } else if byte == UInt8(ascii: "\"") {
                    isInString = false
                }
                continue
            }
            switch byte {
            case UInt8(ascii: "\""): isInString = true
            case UInt8(ascii: "{"), UInt8(ascii: "["):
                level += 1
                depth = max(depth, level)
                valueCount += 1
            case UInt8(ascii: "}"), UInt8(ascii: "]"): level -= 1
            case UInt8(ascii: ","), UInt8(ascii: ":"): valueCount += 1
            default: break
            }
        }
    }

    /// Why it is not to be decoded; nil: it may be.
    var fault: String? {
        if depth > Self.depthLimit { return "it has \(depth) levels, more than \(Self.depthLimit)" }
        if valueCount > Self.valueLimit { return "it has more than \(Self.valueLimit) values" }
        return nil
    }
}
