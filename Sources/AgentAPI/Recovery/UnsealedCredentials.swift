// SPDX-License-Identifier: Apache-2.0

/// Where a node's credentials for the store come from, where that is no file that could be sealed: a new machine must be given some.
public enum UnsealedCredentials: String, Sendable, Hashable {
    /// `AWS_ACCESS_KEY_ID` of the agent's environment.
    case environment
    /// `AWS_WEB_IDENTITY_TOKEN_FILE`
    case webIdentity
    /// `AWS_CONTAINER_CREDENTIALS_…_URI`
    case container
    /// The instance's role.
    case instance
    /// `credential_process` in a shared file: no restore puts that back.
    case program
    /// Of a newer agent.
    case other

    /// `its credentials for the store come from its agent's environment, and are not sealed: a new machine must be given some`
    public var text: String {
        "its credentials for the store come from \(origin), and are not sealed: a new machine must be given some"
    }

    private var origin: String {
        switch self {
        case .environment: "its agent's environment"
        case .webIdentity: "a web identity (AWS_ROLE_ARN)"
        case .container: "its container's endpoint"
        case .instance: "its instance's role, if from anywhere"
        case .program: "a program (credential_process)"
        case .other: "somewhere else than a file"
        }
    }
}

extension UnsealedCredentials: Codable {
    public init(from decoder: any Decoder) throws {
        self = Self(rawValue: try decoder.singleValueContainer().decode(String.self)) ?? .other
    }
}
