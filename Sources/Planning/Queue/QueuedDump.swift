// SPDX-License-Identifier: Apache-2.0

public import AmandaFormat

/// A dump that waits for a dumper.
public struct QueuedDump: Equatable, Sendable {
    public var name: DiskName
    public var storedBytes: Int64
    /// Of stored bytes, as expected.
    var bytesPerSecond: Double
    var priority: Int
    /// Dumps of its host that may run at the same time.
    var maxdumps: Int
    /// Two of one spindle of one host never run at the same time; -1: no matter.
    var spindle: Int
    /// The interface that it goes through.
    var interface: String
    /// Not before this moment, in seconds since 1970; nil: at once.
    var earliest: Int64?

    public init(
        name: DiskName, storedBytes: Int64, bytesPerSecond: Double, priority: Int = 1, maxdumps: Int = 1,
        spindle: Int = -1, interface: String = "default", earliest: Int64? = nil
    ) {
        self.name = name
        self.storedBytes = storedBytes
        self.bytesPerSecond = bytesPerSecond
        self.priority = priority
        self.maxdumps = maxdumps
        self.spindle = spindle
        self.interface = interface
        self.earliest = earliest
    }

    /// - Parameter midnight: the beginning of the run's day in local time, in seconds since 1970. A `starttime` that
    ///   is over when the run begins does not wait for the next day, as in Amanda.
    public init(_ planned: PlannedDump, entry: DisklistEntry, midnight: Int64) {
        self.init(
            name: planned.name, storedBytes: planned.dump.storedBytes,
            bytesPerSecond: planned.dump.bytesPerSecond,
            priority: planned.priority, maxdumps: entry.dumptype.maxdumps, spindle: entry.spindle,
            interface: (entry.interface ?? "default").lowercased(),
            earliest: entry.dumptype.startMinute.map { midnight + Int64($0) * 60 })
    }

    public var seconds: Double { Double(storedBytes) / max(1, bytesPerSecond) }
}

/// What limits how many dumps run side by side.
public struct QueueLimits: Equatable, Sendable {
    /// At most so many dumpers.
    var inparallel: Int
    /// A letter for each dumper.
    public var order: DumpOrder
    /// Bytes per second, all interfaces together.
    var netusage: Int64
    /// Bytes per second by the interface's name in lower case.
    var interfaces: [String: Int64]

    init(inparallel: Int, order: DumpOrder, netusage: Int64, interfaces: [String: Int64] = [:]) {
        self.inparallel = max(1, inparallel)
        self.order = order
        self.netusage = netusage
        self.interfaces = interfaces
    }
}

extension AmandaConfiguration {
    public var queueLimits: QueueLimits {
        QueueLimits(
            inparallel: inparallel, order: DumpOrder(dumporder), netusage: netusageBytesPerSecond,
            interfaces: Dictionary(
                interfaces.map { ($0.name.lowercased(), $0.useBytesPerSecond) },
                uniquingKeysWith: { first, _ in first }))
    }
}
