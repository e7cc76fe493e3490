// SPDX-License-Identifier: Apache-2.0

/// Remarks of one meaning as one: what differs only in the node's own directory, the configuration or the line is said
/// once, with whom it concerns.
struct RemarkGroups {

    /// One line for people, and what to do about it.
    struct Group: Equatable {
        var text: String
        var fix: String?
    }

    /// How the agent ends its remark on a parameter without effect (`UnusedParameter` in AmandaFormat).
    static let unusedEnding = ": read, kept, not used by this version"

    /// In the order of the first remark of each group.
    let groups: [Group]

    /// - Parameter nodes: of the cluster: where all of many are concerned, they need not be named.
    init(_ findings: [Finding], nodes: [String]) {
        var members: [[Finding]] = []
        var places: [Key: Int] = [:]
        for finding in Self.summedUp(findings) {
            let key = Key(meaning: RemarkWording.meaning.text(of: finding), fix: finding.fix)
            if let place = places[key] {
                members[place].append(finding)
            } else {
                places[key] = members.count
                members.append([finding])
            }
        }
        groups = Self.rectangles(members).map { Self.group($0, nodes: nodes) }
    }

    private struct Key: Hashable {
        var meaning: String
        var fix: String?
    }

    /// The unused parameters of one node's configuration become one finding, in the place of the first.
    private static func summedUp(_ findings: [Finding]) -> [Finding] {
        var result: [Finding] = []
        var places: [String: Int] = [:]
        var names: [Int: [String]] = [:]
        for finding in findings {
            guard let name = unusedParameter(finding) else {
                result.append(finding)
                continue
            }
            let whose = "\(finding.node ?? "") \(finding.configuration ?? "")"
            let place = places[whose] ?? result.count
            if place == result.count { result.append(finding) }
            places[whose] = place
            if names[place]?.contains(name) != true { names[place, default: []].append(name) }
        }
        for (place, names) in names {
            result[place].what = names.joined(separator: ", ") + unusedEnding
        }
        return result
    }

    /// `tapetype S3: part-cache-type` of `FILE:LINE: tapetype S3: part-cache-type: read, kept, …`.
    private static func unusedParameter(_ finding: Finding) -> String? {
        guard finding.configuration != nil, finding.what.hasSuffix(unusedEnding) else { return nil }
        let fields = finding.what.dropLast(unusedEnding.count).split(separator: ": ", maxSplits: 1)
        guard fields.count == 2, fields[0].hasPrefix("/") else { return nil }
        return String(fields[1])
    }

    /// Cuts a group so that each of its configurations concerns each of its nodes.
    private static func rectangles(_ groups: [[Finding]]) -> [[Finding]] {
        groups.flatMap { members -> [[Finding]] in
            var byNodes: [([String?], [Finding])] = []
            for configuration in ordered(members.map(\.configuration)) {
                let part = members.filter { $0.configuration == configuration }
                let nodes = part.map(\.node)
                if let index = byNodes.firstIndex(where: { $0.0 == nodes }) {
                    byNodes[index].1 += part
                } else {
                    byNodes.append((nodes, part))
                }
            }
            return byNodes.map(\.1)
        }
    }

    private static func group(_ members: [Finding], nodes: [String]) -> Group {
        let concerned = ordered(members.compactMap(\.node))
        let isEverybody = nodes.count > 3 && Set(concerned).isSuperset(of: nodes)
        let who = isEverybody ? "all \(nodes.count) nodes" : concerned.joined(separator: ", ")
        let configurations = ordered(members.compactMap(\.configuration)).joined(separator: ", ")
        let wording = RemarkWording.allCases.first { Set(members.map($0.text)).count == 1 } ?? .meaning
        let what = members.first.map(wording.text) ?? ""
        let text = [who, configurations, RunText.oneLine(what)].filter { !$0.isEmpty }.joined(separator: ": ")
        return Group(text: text, fix: members.first?.fix)
    }

    private static func ordered<Value: Hashable>(_ values: [Value]) -> [Value] {
        var seen: Set<Value> = []
        return values.filter { seen.insert($0).inserted }
    }
}

/// How exactly a remark is worded; each leaves out more of what differs between nodes than the one before.
enum RemarkWording: CaseIterable {
    case exact
    /// `<node>` for the node's name in paths.
    case anyNode
    /// `<configuration>` likewise.
    case anyConfiguration
    /// Without line numbers: what two remarks of one meaning have in common.
    case meaning

    func text(of finding: Finding) -> String {
        var text = finding.what
        guard self != .exact else { return text }
        if let node = finding.node { text = Self.replacing(node, by: "<node>", in: text) }
        guard self != .anyNode else { return text }
        if let name = finding.configuration { text = Self.replacing(name, by: "<configuration>", in: text) }
        return self == .anyConfiguration ? text : Self.withoutLines(text)
    }

    /// Only as a whole component of a path: `/tmp/node01/data`, not `/tmp/node011`.
    private static func replacing(_ name: String, by placeholder: String, in text: String) -> String {
        text.split(separator: "/", omittingEmptySubsequences: false).enumerated()
            .map { index, component in
                guard index > 0, component.hasPrefix(name) else { return String(component) }
                let rest = component.dropFirst(name.count)
                let isWhole =
                    rest.first.map { !$0.isLetter && !$0.isNumber && $0 != "-" && $0 != "_" } ?? true
                return isWhole ? placeholder + rest : String(component)
            }.joined(separator: "/")
    }

    /// `/etc/amanda/vertica/amanda.conf:17` without its number; ports of URLs stay.
    private static func withoutLines(_ text: String) -> String {
        text.split(separator: " ", omittingEmptySubsequences: false)
            .map { word in
                let start = word.drop { $0 == "(" || $0 == "'" }
                guard start.hasPrefix("/"), let colon = start.firstIndex(of: ":") else { return String(word) }
                let rest = start[start.index(after: colon)...].drop { $0.isASCII && $0.isNumber }
                return String(word[..<colon] + rest)
            }.joined(separator: " ")
    }
}
