// SPDX-License-Identifier: Apache-2.0

/// How the secrets that a restore of a node needs are sealed, as the node itself remembers it.
///
/// To whom they should be sealed says `cluster.json`: the coordinator compares.
public struct NodeSecrets: Codable, Sendable, Equatable {
    /// The run whose version holds them; nil: the node knows of none.
    public var run: RunName?
    /// Which of that run's versions; nil: the first.
    public var number: Int?
    /// Fingerprints of the recovery certificates that it is sealed to.
    public var recipients: [String]
    /// Files that are not as they were sealed: changed, new, or there no more.
    public var changed: [String]
    /// Keys that are not there to be sealed, programs of which nobody knows what they read.
    public var problems: [WireError]
    /// Where its credentials come from, if from no file; nil: they are sealed, or stand in its `amanda.conf`, or of an older agent.
    public var unsealedCredentials: UnsealedCredentials?

    /// nil: the node knows of none.
    public var version: SealedVersion? { run.map { SealedVersion(run: $0, number: number ?? 1) } }

    public init(
        run: RunName? = nil, recipients: [String] = [], changed: [String] = [], problems: [WireError] = []
    ) {
        self.run = run
        self.recipients = recipients
        self.changed = changed
        self.problems = problems
    }
}
