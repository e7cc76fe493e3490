// SPDX-License-Identifier: Apache-2.0

/// The agent's routes, one spelling for both sides.
public enum AgentPaths {
    public static let status = "/v1/status"
    /// `NodeVolumes`; its query is a `StatusQuestion`.
    public static let volumes = "/v1/volumes"
    /// `NodeRestorability`; its query is a `RestorabilityQuestion`.
    public static let restorability = "/v1/restorability"
    /// POST of a `KeyRequest`, answered by `NodeKeys`.
    public static let keys = "/v1/keys"
    /// POST of a `PinRequest`, answered by `NodePins`.
    public static let pins = "/v1/pins"
    /// POST of an `IdentityRequest`, answered by `NodeCertificateRequest`.
    public static let identityRequest = "/v1/identity/request"
    /// POST of an `IdentityOrder`, answered by `IdentityAnswer`.
    public static let identity = "/v1/identity"
    /// POST of a `RevocationOrder`; answered, as GET is, by `NodeRevocations`.
    public static let revocations = "/v1/revocations"
    public static let jobs = "/v1/jobs"

    public static func job(_ id: String) -> String { "\(jobs)/\(id)" }

    /// PUT of a `SecretsOrder`, for a restore that awaits them.
    public static func secrets(_ id: String) -> String { "\(job(id))/secrets" }

    /// DELETE: the job is to end, or not to begin at any attempt up to `attempt` (nil: 1). With the lease's number `fence` it is
    /// refused where the agent has seen a higher one. An older agent knows neither.
    public static func cancellation(_ id: String, attempt: Int?, fence: Int?) -> String {
        let items = [attempt.map { "attempt=\($0)" }, fence.map { "fence=\($0)" }].compactMap(\.self)
        return job(id) + (items.isEmpty ? "" : "?" + items.joined(separator: "&"))
    }

    /// The job's events as NDJSON, from the one after `sequence` on; a heartbeat line every 2 s while nothing happens.
    public static func events(_ id: String, after sequence: Int) -> String {
        "\(jobs)/\(id)/events?after=\(sequence)"
    }
}
