// SPDX-License-Identifier: Apache-2.0

import Faults

/// `define script-tool`: a program that Amanda calls at certain points of a run, e.g. to freeze a database.
public struct ScriptTool: Sendable, Hashable {
    /// In whose name it runs. A node is both; the two get different arguments.
    public enum Side: String, Sendable, Hashable { case client, server }

    /// As written.
    public let name: String
    /// Where it is defined.
    public let place: FaultPlace
    /// The program's name in Amanda's application directory.
    public let plugin: String
    /// In the order of the file. Their values may be secrets, and become arguments of the program, as in Amanda.
    public let properties: [ConfigurationProperty]
    /// `execute-on`: when it runs, in the order in which Amanda prints them.
    public let points: [ScriptPoint]
    /// `execute-where`.
    public let side: Side
    /// Scripts with a smaller one run first.
    public let order: Int
    /// `single-execution`: at a point of the whole run or of a host once, not once for every disk.
    let isSingleExecution: Bool
    private let clientName: String?
    private let clientNamePlace: FaultPlace

    init(_ block: ConfigurationBlock) {
        name = block.name
        place = block.place
        plugin = block.text("plugin") ?? ""
        properties = block.properties("property")
        if case .keywords(let words) = block.value("execute-on") {
            points = words.compactMap(ScriptPoint.init)
        } else {
            points = []
        }
        side = block.keyword("execute-where") == "SERVER" ? .server : .client
        order = Int(block.integer("order"))
        isSingleExecution = block.bool("single-execution")
        clientName = block.text("client-name")
        clientNamePlace = block.place(of: "client-name")
    }

    /// What keeps it from being run at all.
    var refusals: [ConfigurationFault] {
        var refusals: [ConfigurationFault] = []
        if plugin.isEmpty || plugin.utf8.contains(UInt8(ascii: "/")) || plugin.hasPrefix(".") {
            refusals.append(
                ConfigurationFault(
                    place, "script-tool '\(name)': plugin '\(plugin)' is not the name of a program",
                    hint: "write the name of a file in /usr/lib/amanda/application."))
        }
        if let clientName, !clientName.isEmpty {
            refusals.append(.clientName(of: "script-tool '\(name)'", clientNamePlace))
        }
        return refusals
    }

    /// Points at which it is asked to run and does not, the first in Amanda neither: for the operator to read.
    var notes: [Remark] {
        note(
            points.filter { !$0.runs(on: side) }, "never runs",
            side == .client ? "that needs execute-where server" : "that needs execute-where client")
            + note(
                points.filter { $0.runs(on: side) && [.amcheck, .recover].contains($0.activity) },
                "is not run",
                "only stock amcheck and amrecover do that")
    }

    private func note(_ points: [ScriptPoint], _ what: String, _ why: String) -> [Remark] {
        guard !points.isEmpty else { return [] }
        let names = points.map { $0.rawValue.lowercased() }.joined(separator: ", ")
        return [Remark(place: place, "script-tool '\(name)' \(what) at \(names): \(why)")]
    }
}

extension ConfigurationFault {
    /// Stock Amanda joins what `amanda-client.conf` says of a definition of that name.
    static func clientName(of definition: String, _ place: FaultPlace) -> ConfigurationFault {
        ConfigurationFault(
            place, "\(definition): client-name is not supported: amanda-client.conf is not read",
            hint: "write the properties here, and remove client-name.")
    }
}
