// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import Files
import HiddenCharacters

/// What `amfleet node add --from` reads: a line `NAME ADDRESS` for each node, blanks or tabs between; `#` begins a comment.
public struct NodeLines: Sendable, Equatable {
    struct Line: Sendable, Equatable {
        var number: Int
        var name: String
        var address: AgentAddress
    }

    let file: String
    let lines: [Line]

    /// Of a hundred nodes a few kilobytes.
    private static let byteCountLimit = 1 << 20

    /// Reads a file. Blocks.
    ///
    /// - Throws: `CoordinatorError.unreadable`; `FaultList` with every fault of every line.
    public static func read(_ path: String) throws -> NodeLines {
        let bytes: [UInt8]
        do {
            bytes = TextForm.withoutMark(try FileSystem.readGiven(path, limit: byteCountLimit))
        } catch {
            throw CoordinatorError.unreadable(path: path, reason: FaultText(of: error))
        }
        let form = TextForm(of: bytes)
        if let what = form.fault, let mend = form.mend(path) {
            throw CoordinatorError.unreadable(path: path, reason: "it \(what); run: \(mend)")
        }
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw CoordinatorError.unreadable(path: path, reason: "not text")
        }
        return try NodeLines(parsing: text, file: path)
    }

    /// - Parameter file: names the text in faults.
    init(parsing text: String, file: String) throws {
        var (lines, known) = ([Line](), Known())
        var faults: [NodeLineFault] = []
        let rows = text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
        for (index, row) in rows.enumerated() {
            let words = row.prefix { $0 != "#" }.split(whereSeparator: \.isWhitespace).map(String.init)
            guard !words.isEmpty else { continue }
            do throws(NodeLineFault) {
                let line = try Self.line(words, NodeLineFault(file: file, line: index + 1, facts: ""))
                if let fault = known.clash(of: line) {
                    throw NodeLineFault(file: file, line: index + 1, facts: fault)
                }
                known.insert(line)
                lines.append(line)
            } catch {
                faults.append(error)
            }
        }
        if let list = FaultList(faults) { throw list }
        guard !lines.isEmpty else {
            throw CoordinatorError.unreadable(path: file, reason: "it names no node")
        }
        self.file = file
        self.lines = lines
    }

    /// One node that somebody has named on the command line.
    init(_ name: String, _ address: AgentAddress) {
        file = "the command line"
        lines = [Line(number: 1, name: name, address: address)]
    }

    private static func line(_ words: [String], _ place: NodeLineFault) throws(NodeLineFault) -> Line {
        guard words.count == 2 else { throw place.saying("must be NAME ADDRESS, found \(words.count) words") }
        if let fault = ClusterName.nodeFault(words[0]) { throw place.saying("the node's name \(fault)") }
        guard let address = AgentAddress(words[1]) else {
            throw place.saying("the address of '\(words[0])' must be HOST:PORT, found '\(words[1])'")
        }
        return Line(number: place.line, name: words[0], address: address)
    }

    /// The lines before one, by what no other may have: each is looked at in the same time, however many there are.
    private struct Known {
        private var byName: [String: Line] = [:]
        private var byAddress: [AgentAddress: Line] = [:]

        func clash(of line: Line) -> String? {
            if let other = byName[line.name] {
                return "'\(line.name)' stands in line \(other.number) already"
            }
            guard let other = byAddress[line.address] else { return nil }
            return "'\(line.address)' is the address of '\(other.name)' in line \(other.number)"
        }

        mutating func insert(_ line: Line) {
            byName[line.name] = line
            byAddress[line.address] = line
        }
    }
}

/// A line that cannot be used.
struct NodeLineFault: Fault, Equatable {
    let file: String
    let line: Int
    let facts: String

    var kind: FaultKind { .configuration }
    var place: FaultPlace? { FaultPlace(file: file, line: line) }

    func saying(_ facts: String) -> NodeLineFault { NodeLineFault(file: file, line: line, facts: facts) }
}
