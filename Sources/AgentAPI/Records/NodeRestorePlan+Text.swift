// SPDX-License-Identifier: Apache-2.0

extension NodeRestorePlan {
    /// Why what does not come back does not, each with its disk.
    public var faults: [WireError] {
        disks.compactMap { disk in
            disk.error?.within(configuration: disk.configuration, disk: disk.disk)
        }
    }

    /// What an operator reads before the first byte is written; the node is known.
    public var summary: [String] {
        ([total] + lost + details).map { "plan: \($0)" }
    }

    /// All but what there is to a disk itself.
    public var details: [String] {
        [expectation] + (archive.map { [$0.text] } ?? []) + rooms.map(\.text) + needed
    }

    private var total: String {
        let written = dumpedBytes.map { Quantity.bytes($0) } ?? "an unknown amount"
        let from = sourceNode == node ? "" : " of node '\(sourceNode)'"
        return
            "\(Quantity.count(restorable.count, "disk"))\(from), \(Quantity.bytes(storedBytes)) to read in "
            + "\(Quantity.count(objects, "object")), \(written) to write"
    }

    /// The time, and what it was reckoned by.
    public var expectation: String {
        guard let rate else { return "how long it takes is not known: no rate has been measured" }
        let by =
            switch rate.source {
            case .restore: "as the restore of run \(rate.run) went"
            case .backup: "as the dumps of run \(rate.run) were made"
            case .other: "as something of run \(rate.run) went"
            }
        let measured = "at \(Quantity.rate(rate.bytesPerSecond)), \(by)"
        guard let expectedSeconds else {
            return "how long it takes is not known: not every dump's size is recorded (\(measured))"
        }
        return "about \(Quantity.duration(seconds: expectedSeconds)) \(measured)"
    }

    private var lost: [String] {
        disks.compactMap { disk in
            disk.error.map { "\(disk.configuration): \(disk.disk) does not come back: \($0.message)" }
        }
    }

    private var needed: [String] {
        keys.map { key in
            let path = key.path.map { "'\($0)'" } ?? "a key"
            let state =
                switch key.state {
                case .there: "is there"
                case .sealed: "is sealed in the bucket: '--recovery-key' brings it"
                case .missing: "is neither on the node nor in the bucket"
                case .unknown: "must be where the program looks for it"
                }
            return "\(key.configuration): \(key.disk): '\(key.program)' decrypts it: \(path) \(state)"
        }
    }
}

extension NodeRestorePlan.Archive {
    var text: String {
        "\(Quantity.count(objects, "object")) in Glacier, \(Quantity.bytes(bytes)): as a rule thawed after "
            + "\(Quantity.duration(seconds: Double(leastMinutes) * 60)) to "
            + Quantity.duration(seconds: Double(mostMinutes) * 60)
    }
}

extension NodeRestorePlan.Room {
    var text: String {
        "'\(path)' has \(Quantity.bytes(freeBytes)) free, "
            + (leastBytes == mostBytes
                ? "\(Quantity.bytes(mostBytes)) are written there"
                : "\(Quantity.bytes(leastBytes)) to \(Quantity.bytes(mostBytes)) are written there")
    }
}
