// SPDX-License-Identifier: Apache-2.0

import AmandaFormat

/// Whether a node's data of a run can still be had: its volumes must still bear the run's datestamp, and those of every dump
/// that an increment of it builds on, or that stands for a disk which it left out, theirs.
///
/// Coordinator and node judge by the same rules, each the volumes that it can look at.
public enum Restorability: Sendable, Equatable {
    case restorable
    /// A volume was taken for a newer run, or is gone.
    case overwritten(String)
    /// An object is missing, or has another length than the record says.
    case damaged(String)
    /// Everything may be there, and a restore would refuse it all the same.
    case refused(String)
    /// The store did not say; that is no proof of absence.
    case unknown(String)

    /// By the volumes' labels: the first need that does not hold says why.
    ///
    /// - Parameter labels: what lies where each volume's label was; nil inside: nothing.
    public static func of(
        _ needs: [LabelNeed], labels: [VolumeRecord: Result<FoundLabel?, WireError>]
    ) -> Restorability {
        for need in needs {
            switch fault(of: need.volume, run: need.run, labels[need.volume]) {
            case .restorable: continue
            case .refused(let reason): return .refused(need.what + reason)
            case .overwritten(let reason): return .overwritten(need.what + reason)
            case .damaged(let reason): return .damaged(need.what + reason)
            case .unknown(let reason): return .unknown(need.what + reason)
            }
        }
        return .restorable
    }

    private static func fault(
        of volume: VolumeRecord, run: RunName, _ label: Result<FoundLabel?, WireError>?
    ) -> Restorability {
        switch label {
        case nil: return .unknown("volume '\(volume.label)' was not looked at")
        case .failure(let error): return .unknown("volume '\(volume.label)': \(error.message)")
        case .success(nil):
            return .overwritten(
                "volume '\(volume.label)' is gone from '\(volume.directory ?? volume.prefix)'")
        case .success(let label?):
            guard label.label != volume.label || label.datestamp != run.digits else { return .restorable }
            let now = label.datestamp.map { "run \($0)" } ?? "no run"
            return .overwritten(
                label.label == volume.label
                    ? "volume '\(volume.label)' now holds \(now)"
                    : "volume '\(volume.label)' is now '\(label.label)', with \(now)")
        }
    }
}

/// What a volume calls itself.
public struct FoundLabel: Sendable, Equatable {
    public var label: String
    /// Of the run that wrote it, as its digits; nil: none has.
    public var datestamp: String?

    public init(label: String, datestamp: String?) {
        self.label = label
        self.datestamp = datestamp
    }
}
