// SPDX-License-Identifier: Apache-2.0

import Faults

/// What asks for more than this version can do.
extension Disklist {
    /// A foreign host, a dumptype's wishes, the changer. Each once, of the first disk that it concerns; nothing of what could
    /// not be read.
    ///
    /// - Parameter ownNames: `localhost`, the node's name, its hostname and FQDN.
    public func refusals(
        configuration: AmandaConfiguration, ownNames: Set<String>
    ) -> [ConfigurationFault] {
        let entries = activeEntries
        guard !entries.isEmpty else { return [] }
        let found = hostRefusals(entries, ownNames) + dumptypeRefusals(entries, configuration)
        let ordered = found.enumerated().sorted {
            ($0.element.index, $0.offset) < ($1.element.index, $1.offset)
        }
        return ordered.map(\.element.fault) + configuration.changerFaults
    }

    /// Throws all refusals, if there are any.
    func requireSupported(
        configuration: AmandaConfiguration, ownNames: Set<String>
    ) throws(ConfigurationError) {
        let refusals = refusals(configuration: configuration, ownNames: ownNames)
        guard refusals.isEmpty else { throw ConfigurationError(refusals) }
    }

    /// A fault, and the disk by whose place in the list it comes.
    private typealias Found = (index: Int, fault: ConfigurationFault)

    private func hostRefusals(_ entries: [DisklistEntry], _ ownNames: Set<String>) -> [Found] {
        entries.enumerated().filter { !$0.element.isHost(amongst: ownNames) }.map { index, entry in
            let fault = ConfigurationFault(
                entry.place,
                "\(entry.host) \(entry.diskName): host '\(entry.host)' is not this node, and needs Amanda's network client",
                hint:
                    "write localhost; or, if this machine had that name before, give it back with 'hostnamectl set-hostname \(entry.host)', and "
                    + "the disk's dumps go on, or have its disks taken over by 'amfleetd adopt'; or move the entry to that node's own disklist."
            )
            return (index, fault)
        }
    }

    private func dumptypeRefusals(
        _ entries: [DisklistEntry], _ configuration: AmandaConfiguration
    ) -> [Found] {
        var causes: [(cause: ConfigurationFault, what: String)] = []
        var concerned: [ConfigurationFault: [Int]] = [:]
        for (index, entry) in entries.enumerated() where !entry.dumptype.block.isFaulty {
            for (cause, what) in wishes(entry.dumptype, configuration) {
                if concerned[cause] == nil { causes.append((cause, what)) }
                concerned[cause, default: []].append(index)
            }
        }
        return causes.compactMap { cause, what in
            guard let indexes = concerned[cause], let first = indexes.first else { return nil }
            let entry = entries[first]
            let others = indexes.count - 1
            let more = others == 0 ? "" : others == 1 ? " and another disk" : " and \(others) other disks"
            return (
                first,
                ConfigurationFault(
                    entry.place, "\(entry.host) \(entry.diskName)\(more): \(what)", hint: cause.hint)
            )
        }
    }

    /// What a dumptype asks for and does not get: what is wrong where, and how it is said of a disk.
    private func wishes(
        _ dumptype: DumpType, _ configuration: AmandaConfiguration
    ) -> [(cause: ConfigurationFault, what: String)] {
        var wishes = dumptype.refusals.map { refusal in
            let place = refusal.place?.description ?? ""
            return (refusal, "\(refusal.facts) (dumptype '\(dumptype.name)', \(place))")
        }
        if dumptype.holding == .required, configuration.hasNoHoldingDisk {
            let what = "dumptype '\(dumptype.name)' says holdingdisk required, and there is no holding disk"
            let hint = "define one and name it, or write holdingdisk auto."
            let place = dumptype.block.place(of: "holdingdisk")
            wishes.insert((ConfigurationFault(place, "holdingdisk required", hint: hint), what), at: 0)
        }
        return wishes
    }
}

extension AmandaConfiguration {
    /// Whether it is certain that none is in use.
    fileprivate var hasNoHoldingDisk: Bool {
        holdingDisks.isEmpty && !document.losses.maySet("holdingdisk")
            && !document.losses.mayHoldAny(of: [.holdingdisk])
    }
}
