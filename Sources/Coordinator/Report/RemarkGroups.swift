// SPDX-License-Identifier: Apache-2.0

import AgentAPI

/// Remarks of one meaning as one: what differs only in the node's own directory, the configuration or the line is said
/// once, with whom it concerns.
struct RemarkGroups {
    /// One line for people, and what to do about it.
    struct Group: Equatable {
        var text: String
        var fix: String?
    }

    /// In the order of the first remark of each group.
    let groups: [Group]

    /// - Parameter nodes: of the cluster: where all of many are concerned, they need not be named.
    init(_ findings: [Finding], nodes: [String]) {
        let alike = Self.gathered(Self.summedUp(findings)) { remark in
            Meaning(text: RemarkWording.meaning.text(of: remark), fix: remark.finding.fix)
        }
        groups = Self.rectangles(alike).map { Self.group($0, nodes: nodes) }
    }

    private struct Meaning: Hashable {
        var text: String
        var fix: String?
    }

    private struct Whose: Hashable {
        var node: String?
        var configuration: String?
        var text: String
        var fix: String?
        /// What has no subject stands alone.
        var loner: Int?
    }

    /// What one node's configuration says of several things in the same words becomes one, in the place of the first.
    private static func summedUp(_ findings: [Finding]) -> [SpokenRemark] {
        let remarks = findings.enumerated().map { ($0.offset, SpokenRemark($0.element)) }
        return gathered(remarks) { index, remark in
            Whose(
                node: remark.finding.node, configuration: remark.finding.configuration, text: remark.text,
                fix: remark.finding.fix, loner: remark.subjects.isEmpty ? index : nil)
        }.compactMap { members in
            guard var first = members.first?.1 else { return nil }
            first.subjects = ordered(members.flatMap(\.1.subjects))
            if first.subjects.count > 1 { first.place = nil }
            return first
        }
    }

    /// The members of each key, in the order of the first of each.
    private static func gathered<Member, Key: Hashable>(
        _ members: [Member], by key: (Member) -> Key
    ) -> [[Member]] {
        var groups: [[Member]] = []
        var places: [Key: Int] = [:]
        for member in members {
            let place = places[key(member), default: groups.count]
            if place == groups.count { groups.append([]) }
            places[key(member)] = place
            groups[place].append(member)
        }
        return groups
    }

    /// Cuts a group so that each of its configurations concerns each of its nodes.
    private static func rectangles(_ groups: [[SpokenRemark]]) -> [[SpokenRemark]] {
        groups.flatMap { members in
            let columns = gathered(members) { $0.finding.configuration }
            return gathered(columns) { $0.map(\.finding.node) }.map { $0.flatMap(\.self) }
        }
    }

    private static func group(_ members: [SpokenRemark], nodes: [String]) -> Group {
        let concerned = ordered(members.compactMap(\.finding.node))
        let isEverybody = nodes.count > 3 && Set(concerned).isSuperset(of: nodes)
        let who = isEverybody ? "all \(nodes.count) nodes" : concerned.joined(separator: ", ")
        let configurations = ordered(members.compactMap(\.finding.configuration)).joined(separator: ", ")
        let wording = RemarkWording.allCases.first { Set(members.map($0.text)).count == 1 } ?? .meaning
        let what = members.first.map(wording.text) ?? ""
        let text = [who, configurations, RunText.oneLine(what)].filter { !$0.isEmpty }.joined(separator: ": ")
        return Group(text: text, fix: members.first?.finding.fix)
    }

    private static func ordered<Value: Hashable>(_ values: [Value]) -> [Value] {
        var seen: Set<Value> = []
        return values.filter { seen.insert($0).inserted }
    }
}

/// A finding on its way to the screen.
struct SpokenRemark {
    let finding: Finding
    var place: FaultPlace?
    var subjects: [String]
    let text: String

    init(_ finding: Finding) {
        self.finding = finding
        place = finding.remark?.place
        subjects = [finding.remark?.subject].compactMap(\.self)
        text = finding.remark?.text ?? finding.what
    }
}

/// How exactly a remark's place is worded; each leaves out more of what differs between nodes than the one before.
enum RemarkWording: CaseIterable {
    case exact
    /// `<node>` for the node's name in the path.
    case anyNode
    /// `<configuration>` likewise.
    case anyConfiguration
    /// Without the line: what two remarks of one meaning have in common.
    case meaning

    func text(of remark: SpokenRemark) -> String {
        var place = remark.place
        if let node = remark.finding.node, self != .exact { place?.replace(node, by: "<node>") }
        if let name = remark.finding.configuration, self != .exact, self != .anyNode {
            place?.replace(name, by: "<configuration>")
        }
        if self == .meaning { place?.line = nil }
        let subject = remark.subjects.isEmpty ? nil : remark.subjects.joined(separator: ", ")
        return Remark(place: place, subject: subject, remark.text).description
    }
}

extension FaultPlace {
    /// As a whole component of the path: `/tmp/node01/data`, not `/tmp/node011`.
    fileprivate mutating func replace(_ name: String, by placeholder: String) {
        file = file?.split(separator: "/", omittingEmptySubsequences: false)
            .map { $0 == name ? placeholder : String($0) }.joined(separator: "/")
    }
}
