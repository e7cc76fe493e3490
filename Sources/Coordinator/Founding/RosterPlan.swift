// SPDX-License-Identifier: Apache-2.0

import AgentAPI

/// What is to be done so that each node of a list belongs to the cluster at its address, and can be given an identity.
struct RosterPlan: Equatable {
    enum Action: String, Sendable, Encodable {
        /// There, and right.
        case stays
        /// New in `cluster.json`.
        case added
        /// Known at this address; its folder of identity was missing, or no good any more.
        case folder
        /// Known at another address: another machine, whose predecessor's certificates are revoked.
        case replaced
    }

    struct Step: Equatable {
        var name: String
        var address: AgentAddress
        var action: Action
        /// Of a node that is replaced.
        var before: AgentAddress?
        /// Whether what lies in the folder can be used.
        var usesFolder: Bool
    }

    let steps: [Step]

    /// - Parameters:
    ///   - nameFault: why a new node cannot have a name.
    ///   - forced: a node is replaced also where it is known at that address.
    ///   - isUsable: whether a node's folder is there and right: of a name that is not known also for this address.
    /// - Throws: `FaultList` with every name that is taken, and every address that would be two nodes'.
    init(
        _ list: NodeLines, nodes: [ClusterSettings.Node], forced: Bool = false,
        nameFault: (_ name: String) -> String? = { _ in nil },
        isUsable: (_ name: String, _ address: AgentAddress, _ isKnown: Bool) -> Bool
    ) throws {
        let moved = Set(list.lines.map(\.name))
        let faults = list.lines.compactMap { line -> NodeLineFault? in
            if !nodes.contains(where: { $0.name == line.name }), let fault = nameFault(line.name) {
                return NodeLineFault(file: list.file, line: line.number, facts: "the node's name \(fault)")
            }
            guard let owner = nodes.first(where: { $0.address == line.address && !moved.contains($0.name) })
            else { return nil }
            return NodeLineFault(
                file: list.file, line: line.number,
                facts: "'\(line.address)' is the address of '\(owner.name)' in cluster.json")
        }
        if let list = FaultList(faults) { throw list }
        steps = list.lines.map { line in
            let known = nodes.first { $0.name == line.name }
            let usable = isUsable(line.name, line.address, known != nil)
            let isReplaced = known.map { forced || $0.address != line.address } ?? false
            let action: Action =
                known == nil ? .added : isReplaced ? .replaced : usable ? .stays : .folder
            return Step(
                name: line.name, address: line.address, action: action,
                before: isReplaced ? known?.address : nil, usesFolder: usable && !isReplaced)
        }
    }

    /// Whose certificates are to be revoked.
    var replaced: [String] { steps.filter { $0.action == .replaced }.map(\.name) }
}
