// SPDX-License-Identifier: Apache-2.0

/// What a run may use at a time, for `amstatus` to set what is used against.
public struct RunCapacity: Sendable, Equatable {
    var inparallel: Int
    /// KiB/s, as Amanda counts it.
    var netusage: Int64
    /// `length` of the tapetype, at least 1: `amstatus` divides by it.
    let volumeKiB: Int64

    /// - Parameter volumeKiB: nil, or 0: without an end.
    public init(inparallel: Int = 1, netusage: Int64 = 0, volumeKiB: Int64? = nil) {
        self.inparallel = inparallel
        self.netusage = netusage
        self.volumeKiB = volumeKiB.flatMap { $0 > 0 ? $0 : nil } ?? 1 << 50
    }
}

/// Where a dump goes.
public enum DumpDestination: Sendable, Equatable {
    /// To a volume of this run; where it spans several, the first.
    case volume(label: String)
    /// To the holding disk.
    case holding(file: String)
    /// From the holding disk to a volume of this run.
    case flush(file: String, label: String)

    var label: String? {
        switch self {
        case .volume(let label), .flush(_, let label): label
        case .holding: nil
        }
    }
}
