// SPDX-License-Identifier: Apache-2.0

public import AmandaFormat

/// The runs that one node must leave alone: the coordinator's word, sent with jobs and with questions about volumes.
///
/// A claim, as all that another machine says: a volume that does not bear the run named here now is not protected.
public struct RunProtection: Codable, Sendable, Hashable {
    public var runs: [ProtectedRun]
    /// Whether `runs` names every pinned run: only then does the node take away marks of pins that are gone. nil: no.
    public var namesEveryPin: Bool?

    public init(runs: [ProtectedRun], namesEveryPin: Bool? = nil) {
        self.runs = runs
        self.namesEveryPin = namesEveryPin
    }
}

/// A run whose volumes are not overwritten, as it concerns one node.
public struct ProtectedRun: Codable, Sendable, Hashable {
    public enum Reason: String, Codable, Sendable {
        /// The newest run that every node can have back.
        case set
        /// An operator wants it kept (`amfleet pin`).
        case pinned

        /// A word of a newer coordinator protects all the same.
        public init(from decoder: any Decoder) throws {
            self = Reason(rawValue: try decoder.singleValueContainer().decode(String.self)) ?? .set
        }
    }

    public var run: RunName
    public var reason: Reason
    /// All that a restore of the run reads on the node, by its record; nil: the record could not be read, and every volume that
    /// bears the run counts.
    public var volumes: [ProtectedVolume]?

    public init(run: RunName, reason: Reason, volumes: [ProtectedVolume]?) {
        self.run = run
        self.reason = reason
        self.volumes = volumes
    }

    /// Whether it is this run that keeps a volume.
    ///
    /// - Parameter bears: the run that the volume bears now.
    public func holds(_ label: String, bearing bears: RunName, of configuration: String) -> Bool {
        guard let volumes else { return bears == run }
        return volumes.contains(ProtectedVolume(configuration: configuration, label: label, run: bears))
    }
}

/// A volume and the run that it must bear to be of use.
public struct ProtectedVolume: Codable, Sendable, Hashable {
    public var configuration: String
    public var label: String
    /// Another than the protected run for a dump that an increment builds on.
    public var run: RunName

    public init(configuration: String, label: String, run: RunName) {
        self.configuration = configuration
        self.label = label
        self.run = run
    }
}

extension NodeRecord {
    /// What a restore of this run reads, each volume once.
    public var protectedVolumes: [ProtectedVolume] {
        var seen: Set<ProtectedVolume> = []
        return labelNeeds.map {
            ProtectedVolume(configuration: $0.configuration, label: $0.volume.label, run: $0.run)
        }.filter { seen.insert($0).inserted }
    }
}
