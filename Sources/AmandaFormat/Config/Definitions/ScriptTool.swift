// SPDX-License-Identifier: Apache-2.0

/// `define script-tool`: a program that Amanda calls at certain points of a run, e.g. to freeze a database.
public struct ScriptTool: Sendable, Hashable {
    /// In whose name it runs. A node is both; the two get different arguments.
    public enum Side: String, Sendable, Hashable { case client, server }

    /// As written.
    public let name: String
    /// Where it is defined.
    public let place: ConfigurationPlace
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
    public let isSingleExecution: Bool
    private let clientName: String?
    private let clientNamePlace: ConfigurationPlace

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
        if plugin.isEmpty || plugin.contains("/") || plugin.hasPrefix(".") {
            refusals.append(
                ConfigurationFault(
                    place, "script-tool '\(name)': plugin '\(plugin)' is not the name of a program",
                    hint: "write the name of a file in /usr/lib/amanda/application."))
        }
        if let clientName, !clientName.isEmpty {
            refusals.append(
                ConfigurationFault(
                    clientNamePlace,
                    "script-tool '\(name)': client-name is not supported: amanda-client.conf is not read",
                    hint: "write the properties here, and remove client-name."))
        }
        return refusals
    }

    /// Points at which it is asked to run and never does, in Amanda as here: for the operator to read.
    public var notes: [String] {
        let idle = points.filter { !$0.runs(on: side) }.map { $0.rawValue.lowercased() }
        guard !idle.isEmpty else { return [] }
        return [
            "\(place): script-tool '\(name)' never runs at \(idle.joined(separator: ", ")): "
                + (side == .client ? "that needs execute-where server" : "that needs execute-where client")
        ]
    }
}
