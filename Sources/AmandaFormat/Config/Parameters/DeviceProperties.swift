// SPDX-License-Identifier: Apache-2.0

/// The properties that Amanda's devices know, and what their values must be.
///
/// Source: Amanda 3.5.1, `Amanda::Device->property_list` of `s3:`, `file:`, `tape:`, `null:`, and the names that
/// libamdevice registers for `rait:`, `dvdrw:` and `ndmp:`; amanda-devices(7).
enum DeviceProperties {
    /// What a value must be.
    enum Rule: Sendable {
        case any, bool
        /// A whole number, with a size's unit if it likes.
        case number(ClosedRange<Int64>)
    }

    /// Names in Amanda's canonical form (lower case, dashes).
    static let rules: [String: Rule] = {
        var rules = Dictionary(uniqueKeysWithValues: texts.map { ($0, Rule.any) })
        for name in bools { rules[name] = .bool }
        for (name, range) in numbers { rules[name] = .number(range) }
        return rules
    }()

    /// What is wrong with a value; nil if nothing is. The text never holds the value.
    static func fault(_ value: String, ofProperty name: String) -> String? {
        switch rules[name] {
        case .bool where ParameterReader.bool(value) == nil:
            "must be YES or NO"
        case .number(let range):
            number(value).map { range.contains($0) } == true
                ? nil
                : range.upperBound == .max
                    ? "must be a whole number of at least \(range.lowerBound)"
                    : "must be a whole number between \(range.lowerBound) and \(range.upperBound)"
        default:
            nil
        }
    }

    /// `10485760`, `10 mb`, `1280k`: bytes.
    static func number(_ value: String) -> Int64? {
        let digits = value.prefix { $0 == "-" || ($0.isASCII && $0.isNumber) }
        let unit = value.dropFirst(digits.count).drop { $0 == " " }
        guard let number = Int64(digits) else { return nil }
        if unit.isEmpty { return number }
        guard let (dimension, multiplier) = ConfigurationUnit.meaning(of: String(unit)), dimension == .bytes
        else { return nil }
        let (product, overflow) = number.multipliedReportingOverflow(by: multiplier)
        return overflow ? nil : product
    }

    /// Those that this version acts on, or refuses.
    static let used: Set = [
        "s3-access-key", "s3-secret-key", "s3-session-token", "s3-host", "s3-service-path",
        "s3-bucket-location", "s3-storage-class", "s3-server-side-encryption", "storage-api", "ssl-ca-info",
        "proxy", "comment", "use-data", "s3-ssl", "s3-subdomain", "s3-multi-part-upload",
        "openstack-swift-api", "create-bucket", "read-from-glacier", "reuse-connection",
        "enforce-max-volume-usage", "monitor-free-space", "nb-threads-backup", "nb-threads-recovery",
        "max-send-speed", "max-recv-speed", "max-volume-usage", "timeout", "block-size",
        "transition-to-glacier",
    ]

    private static let texts = [
        "s3-access-key", "s3-secret-key", "s3-session-token", "s3-host", "s3-service-path", "s3-user-token",
        "s3-bucket-location", "s3-storage-class", "s3-server-side-encryption", "storage-api", "ssl-ca-info",
        "proxy", "username", "password", "tenant-id", "tenant-name", "project-name", "domain-name",
        "swift-account-id", "swift-access-key", "client-id", "client-secret", "refresh-token", "project-id",
        "comment", "compression", "concurrency", "streaming", "appendable", "canonical-name",
        "medium-access-type", "partial-deletion", "full-deletion", "reps", "reps-bucket", "use-data",
        "fsf", "bsf", "fsr", "bsr", "eom", "bsf-after-eom", "fsf-after-filemark", "nonblocking-open",
        "broken-gmt-online", "ndmp-username", "ndmp-password", "ndmp-auth", "indirect", "dvdrw-mount-point",
        "dvdrw-growisofs-command", "dvdrw-mount-command", "dvdrw-umount-command",
    ]

    private static let bools = [
        "s3-ssl", "s3-subdomain", "s3-multi-delete", "s3-multi-part-upload", "openstack-swift-api",
        "create-bucket", "chunked", "read-from-glacier", "reuse-connection", "verbose", "leom",
        "enforce-max-volume-usage", "monitor-free-space", "slow-write", "dvdrw-keep-cache",
        "dvdrw-unlabelled-when-unmountable",
    ]

    private static let numbers: [(String, ClosedRange<Int64>)] = [
        ("nb-threads-backup", 1...1000), ("nb-threads-recovery", 1...1000),
        ("max-send-speed", 5120...Int64.max), ("max-recv-speed", 5120...Int64.max),
        ("max-volume-usage", 1...Int64.max), ("timeout", 0...Int64.max),
        ("block-size", 1024...3_221_225_472), ("min-block-size", 1...Int64.max),
        ("max-block-size", 1...Int64.max), ("read-block-size", 1...Int64.max),
        ("read-buffer-size", 1...Int64.max), ("final-filemarks", 0...2),
        ("transition-to-glacier", -1...Int64.max),
    ]
}
