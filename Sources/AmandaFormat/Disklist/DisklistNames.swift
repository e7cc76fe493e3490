// SPDX-License-Identifier: Apache-2.0

import Faults

/// The hosts and disks of a disklist so far. No two may be one to Amanda, be their entries otherwise right or not.
struct DisklistNames {
    private struct Host {
        var name: String
        var place: FaultPlace
        /// By their names in the catalog.
        var disks: [String: (name: String, place: FaultPlace)] = [:]
    }

    private var hosts: [String: Host] = [:]

    /// Takes a disk; gives what stands in its way.
    mutating func add(host: String, disk: String, _ place: FaultPlace) -> (what: String, hint: String)? {
        let key = host.lowercased()
        if let known = hosts[key], known.name != host {
            return (
                "host '\(host)' is written '\(known.name)' at \(known.place)",
                "write it the same way everywhere."
            )
        }
        let file = sanitisedDiskName(disk)
        // In its place: whoever has the host in a hand besides makes a copy of all of its disks for each new one.
        guard let first = hosts[key]?.disks[file] else {
            hosts[key, default: Host(name: host, place: place)].disks[file] = (disk, place)
            return nil
        }
        guard first.name != disk else {
            return (
                "\(host) \(disk) stands twice, first at \(first.place)",
                "remove one, or give it a disk name of its own and the directory as device."
            )
        }
        return (
            "disk '\(disk)' and disk '\(first.name)' at \(first.place) have the same name in the catalog",
            "give one of them another disk name."
        )
    }
}
