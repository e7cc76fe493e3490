// SPDX-License-Identifier: Apache-2.0

import Saturation
import XML

/// A bucket's lifecycle configuration with every rule kept byte for byte, whoever wrote it.
///
/// Shape: `<LifecycleConfiguration>` holding `<Rule>` elements. Only `<ID>`, the prefix and the names of a rule's
/// elements are looked at.
struct LifecycleDocument: Equatable {
    /// Rules that a bucket may have. Source: "Lifecycle configuration elements" in AWS's user guide.
    static let ruleLimit = 1000

    /// One rule as it stands.
    struct Rule: Equatable {
        let id: String
        /// nil: it has none, or a filter of more than a prefix.
        let prefix: String?
        let usesFilter: Bool
        /// Local names of its elements.
        let elements: Set<String>
        fileprivate let range: Range<Int>
    }

    private(set) var bytes: [UInt8]
    private(set) var rules: [Rule] = []
    /// Where the next rule goes: before the end of the root.
    private var end: Int

    /// Without a rule.
    init() {
        let opening = "<LifecycleConfiguration xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">"
        bytes = Array("\(opening)</LifecycleConfiguration>".utf8)
        end = opening.utf8.count
    }

    init(parsing bytes: [UInt8]) throws(XMLFault) {
        self.bytes = bytes
        let root = try XMLElement(parsing: bytes)
        let own = bytes[root.range]
        guard own.starts(with: "<LifecycleConfiguration".utf8), root.name == "LifecycleConfiguration" else {
            throw XMLFault("<\(root.name)> instead of <LifecycleConfiguration>", offset: own.startIndex)
        }
        guard bytes[root.range.upperBound - 2] != UInt8(ascii: "/"),
            let end = own.lastIndex(of: UInt8(ascii: "<"))
        else {
            self = LifecycleDocument()
            return
        }
        self.end = end
        rules = root.all("Rule").map(Rule.init)
    }

    /// Leaves rules out; what lies between the others stays.
    mutating func remove(where isUnwanted: (Rule) -> Bool) throws(XMLFault) {
        var kept = bytes
        for rule in rules.reversed() where isUnwanted(rule) {
            kept.removeSubrange(rule.range)
        }
        self = try LifecycleDocument(parsing: kept)
    }

    /// Puts a rule behind the others.
    mutating func append(_ rule: TransitionRule) throws(XMLFault) {
        let usesFilter = rules.contains(where: \.usesFilter)
        var longer = bytes
        longer.insert(contentsOf: rule.text(id: id(for: rule), usesFilter: usesFilter).utf8, at: end)
        self = try LifecycleDocument(parsing: longer)
    }

    /// The label, as stock Amanda names its rules, unless a rule of another volume bears it: nodes may use the same
    /// labels in one bucket, and a second rule of the same id would replace the first.
    private func id(for rule: TransitionRule) -> String {
        guard rules.contains(where: { $0.id == rule.label }) else { return rule.label }
        return String("\(rule.label)@\(rule.prefix)".suffix(255))
    }
}

extension LifecycleDocument.Rule {
    fileprivate init(_ rule: XMLElement) {
        id = rule["ID"] ?? ""
        let filter = rule.child("Filter")
        usesFilter = filter != nil
        prefix = filter.map { $0.elements.map(\.name) == ["Prefix"] ? $0["Prefix"] : nil } ?? rule["Prefix"]
        elements = Set(rule.elements.map(\.name))
        range = rule.range
    }

    /// A rule that does nothing but move what begins with `prefix`: ours or stock Amanda's of that volume.
    func onlyMoves(_ prefix: String) -> Bool {
        self.prefix == prefix && elements.contains("Transition")
            && elements.isSubset(of: ["ID", "Prefix", "Filter", "Status", "Transition"])
    }
}

/// The rule that moves one volume's files to Glacier, as stock Amanda 3.5.1 writes it.
///
/// Source: `s3-device.c` by its PUT, recorded on the wire.
struct TransitionRule: Codable, Equatable {
    let label: String
    /// The slot's prefix and `f`: the label object stays where it can be read.
    let prefix: String
    /// Midnight UTC, days since 1970. One that was read may be any number.
    let day: Int64
    /// The last of the year 9999.
    private static let lastDay: Int64 = 2_932_896

    /// - Parameter days: after which it moves, counted from the day after `now`, as Amanda counts them.
    init(label: String, prefix: String, days: Int, now secondsSince1970: Int64) {
        self.label = label
        self.prefix = prefix
        day = (secondsSince1970 / 86_400 + 1).saturatingPlus(Int64(days))
    }

    /// AWS takes no rule with a bare prefix beside one with a filter.
    func text(id: String, usesFilter: Bool) -> String {
        let prefix = "<Prefix>\(Self.escaped(prefix))</Prefix>"
        return "<Rule><ID>\(Self.escaped(id))</ID>\(usesFilter ? "<Filter>\(prefix)</Filter>" : prefix)"
            + "<Status>Enabled</Status><Transition><Date>\(date)</Date><StorageClass>GLACIER</StorageClass>"
            + "</Transition></Rule>"
    }

    private var date: String {
        let digits = SigningDate(secondsSince1970: min(max(day, 0), Self.lastDay) * 86_400).day
        return "\(digits.prefix(4))-\(digits.dropFirst(4).prefix(2))-\(digits.suffix(2))T00:00:00.000Z"
    }

    private static func escaped(_ text: String) -> String {
        text.replacing("&", with: "&amp;").replacing("<", with: "&lt;").replacing(">", with: "&gt;")
    }
}
